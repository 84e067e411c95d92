package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
)

// UpdateContacts implements [addressbook.Store].
func (b *AddressBook) UpdateContacts(ctx context.Context, account account.ID, patches []addressbook.Patch, ready journal.Ready[[]addressbook.Result]) error {
	return b.edit(ctx, account, len(patches), "update contacts", func(tx *editTx) error {
		results := make([]addressbook.Result, len(patches))
		for i := range patches {
			var err error
			if results[i], err = tx.update(&patches[i]); err != nil {
				return err
			}
		}
		return tx.keep(ready.Receipt(results))
	})
}

func (tx *editTx) update(p *addressbook.Patch) (addressbook.Result, error) {
	account := tx.edit.account
	c, err := readContact(tx.Conn, account, p.SID)
	if errors.Is(err, errNoRow) {
		return addressbook.Result{Fault: addressbook.ErrNoContact}, nil
	}
	if err == nil {
		err = tx.edit.share.Claim(c.Weight())
	}
	if err != nil {
		return addressbook.Result{}, err
	}
	if !p.Fits(&c) {
		return addressbook.Result{Contact: &c, Fault: addressbook.ErrChanged}, nil
	}
	before := c.Number
	if !p.Apply(&c) {
		return addressbook.Result{Contact: &c}, nil
	}
	if c.Number != before {
		other, err := tx.takeNumber(c.Number, c.SID)
		if err != nil {
			return addressbook.Result{}, err
		}
		if other != nil {
			return addressbook.Result{Contact: other, Fault: addressbook.ErrNumberTaken}, nil
		}
		tx.freeNumber(before, c.SID)
	}
	bytes, err := updateRow(tx.Conn, account, &c)
	if err != nil {
		return addressbook.Result{}, err
	}
	tx.bytes += bytes
	return addressbook.Result{Contact: &c}, nil
}

var updateContact = `UPDATE contacts SET (account_id, ` + contactColumns + `) = (?` + strings.Repeat(",?", contactParams-1) + `)
	WHERE account_id = ? AND sid = ?`

// updateRow updates all columns of a contact, and returns about how many bytes it wrote.
func updateRow(conn *sqlite.Conn, account account.ID, c *addressbook.Contact) (bytes int, err error) {
	stmt, err := conn.Prepare(updateContact)
	if err != nil {
		return 0, fmt.Errorf("update row: %w", err)
	}
	bytes = bindContact(stmt, 1, account, c)
	stmt.BindInt64(contactParams+1, int64(account))
	stmt.BindBytes(contactParams+2, c.SID[:])
	_, err = stmt.Step()
	if err := errors.Join(err, stmt.Reset(), stmt.ClearBindings()); err != nil {
		return 0, fmt.Errorf("update row: %w", err)
	}
	return bytes, nil
}

// readContact reads one row, or returns errNoRow.
func readContact(conn *sqlite.Conn, account account.ID, sid addressbook.SID) (c addressbook.Contact, err error) {
	err = queryOne(conn, `SELECT `+contactColumns+` FROM contacts WHERE account_id = ? AND sid = ?`,
		[]any{account, sid[:]},
		func(stmt *sqlite.Stmt) error {
			c = scanContact(stmt)
			return nil
		})
	return c, err
}
