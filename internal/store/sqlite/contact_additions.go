package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// additions are contacts that the writer's transaction will insert. The writer collects
// them so that small requests share a statement, and the account's counter is updated
// once. They must be written before the commit, and before anything reads or changes rows
// of contacts. Only the writer's goroutine uses them.
type additions struct {
	account  account.ID // the account of all contacts
	contacts []*addressbook.Contact
	bytes    int // about how many were written; the writer reads and resets it at the commit
}

// add collects new contacts of the account.
func (a *additions) add(conn *sqlite.Conn, account account.ID, contacts []*addressbook.Contact) error {
	if account != a.account {
		if err := a.write(conn); err != nil {
			return err
		}
		a.account = account
	}
	a.contacts = append(a.contacts, contacts...)
	return nil
}

// write inserts the collected contacts.
func (a *additions) write(conn *sqlite.Conn) error {
	if len(a.contacts) == 0 {
		return nil
	}
	bytes, err := insertRows(conn, a.account, a.contacts)
	if err != nil {
		return fmt.Errorf("insert rows: %w", err)
	}
	err = sqlitex.Execute(conn, `UPDATE contact_counts SET contacts = contacts + ? WHERE account_id = ?`,
		&sqlitex.ExecOptions{Args: []any{len(a.contacts), a.account}})
	if err != nil {
		return fmt.Errorf("count contacts: %w", err)
	}
	a.bytes += bytes
	a.forget()
	return nil
}

// forget drops the collected contacts, after they were written or rolled back.
func (a *additions) forget() {
	clear(a.contacts)
	a.contacts = a.contacts[:0]
}
