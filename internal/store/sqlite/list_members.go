package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/journal"
)

// memberBytes estimates the space of a membership, with its entry in the index.
const memberBytes = 64

// AddMembers implements [addressbook.Store].
func (b *AddressBook) AddMembers(ctx context.Context, account account.ID, list addressbook.SID, members []addressbook.Membership, ready journal.Ready[[]addressbook.MembershipResult]) error {
	return b.editMembers(ctx, account, list, len(members), "add members", ready, func(tx *editTx, id int64, results []addressbook.MembershipResult) (int, error) {
		added := 0
		for i := range members {
			fault, err := tx.addMember(id, &members[i])
			if err != nil {
				return 0, err
			}
			results[i].Fault = fault
			if fault == addressbook.ErrNoContact {
				continue
			}
			m := members[i]
			if fault == addressbook.ErrMember {
				if m.Created, err = memberSince(tx.Conn, id, m.Contact); err != nil {
					return 0, err
				}
			} else {
				added++
			}
			results[i].Membership = &m
		}
		return added, nil
	})
}

// addMember adds one membership. Fault is the reason if it is refused.
func (tx *editTx) addMember(list int64, m *addressbook.Membership) (fault, err error) {
	err = queryOne(tx.Conn, `SELECT 1 FROM contacts WHERE account_id = ? AND sid = ?`,
		[]any{tx.edit.account, m.Contact[:]}, func(*sqlite.Stmt) error { return nil })
	if errors.Is(err, errNoRow) {
		return addressbook.ErrNoContact, nil
	}
	if err != nil {
		return nil, err
	}
	err = tx.exec(`INSERT INTO list_members (list_id, contact_sid, date_created) VALUES (?,?,?) ON CONFLICT DO NOTHING`,
		list, m.Contact[:], m.Created.UnixNano())
	if err != nil {
		return nil, err
	}
	if tx.Changes() == 0 {
		return addressbook.ErrMember, nil
	}
	tx.bytes += memberBytes
	return nil, nil
}

// RemoveMembers implements [addressbook.Store].
func (b *AddressBook) RemoveMembers(ctx context.Context, account account.ID, list addressbook.SID, contacts []addressbook.SID, ready journal.Ready[[]addressbook.MembershipResult]) error {
	return b.editMembers(ctx, account, list, len(contacts), "remove members", ready, func(tx *editTx, id int64, results []addressbook.MembershipResult) (int, error) {
		removed := 0
		for i, contact := range contacts {
			since, err := memberSince(tx.Conn, id, contact)
			if errors.Is(err, errNoRow) {
				results[i].Fault = addressbook.ErrNoMember
				continue
			}
			if err == nil {
				err = tx.exec(`DELETE FROM list_members WHERE list_id = ? AND contact_sid = ?`, id, contact[:])
			}
			if err != nil {
				return 0, err
			}
			results[i].Membership = &addressbook.Membership{List: list, Contact: contact, Created: since}
			removed++
			tx.bytes += memberBytes
		}
		return -removed, nil
	})
}

// editMembers changes the members of a list, and then its counter by the number that do
// returns.
func (b *AddressBook) editMembers(ctx context.Context, account account.ID, list addressbook.SID, n int, operation string,
	ready journal.Ready[[]addressbook.MembershipResult],
	do func(tx *editTx, id int64, results []addressbook.MembershipResult) (int, error),
) error {
	var fault error
	err := b.edit(ctx, account, n, operation, func(tx *editTx) error {
		fault = nil
		id, _, err := readList(tx.Conn, account, list)
		if errors.Is(err, errNoRow) {
			fault = addressbook.ErrNoList
			return nil
		}
		if err != nil {
			return err
		}
		results := make([]addressbook.MembershipResult, n)
		by, err := do(tx, id, results)
		if err == nil && by != 0 {
			err = tx.exec(`UPDATE lists SET contact_count = contact_count + ? WHERE id = ?`, by, id)
		}
		if err != nil {
			return err
		}
		return tx.keep(ready.Receipt(results))
	})
	if err == nil {
		err = fault
	}
	return err
}

// memberSince returns the date of a membership, or errNoRow if there is none.
func memberSince(conn *sqlite.Conn, list int64, contact addressbook.SID) (since time.Time, err error) {
	err = queryOne(conn, `SELECT date_created FROM list_members WHERE list_id = ? AND contact_sid = ?`,
		[]any{list, contact[:]},
		func(stmt *sqlite.Stmt) error {
			since = time.Unix(0, stmt.ColumnInt64(0))
			return nil
		})
	return since, err
}

// readLists reads the lists of a page's contacts, up to [addressbook.ListsShown] of each.
func readLists(conn *sqlite.Conn, account account.ID, share *budget.Share, page *addressbook.Page) error {
	most := addressbook.ListsShown(len(page.Contacts))
	page.Lists = make([][]addressbook.ListRef, len(page.Contacts))
	page.MoreLists = make([]bool, len(page.Contacts))
	for i := range page.Contacts {
		lists, err := listsOf(conn, account, page.Contacts[i].SID, "", most+1)
		if err != nil {
			return err
		}
		if len(lists) > most {
			lists, page.MoreLists[i] = lists[:most], true
		}
		page.Lists[i] = lists
		for j := range lists {
			if err := share.Claim(lists[j].Weight()); err != nil {
				return err
			}
		}
	}
	return nil
}

// ListsOf implements [addressbook.Store].
func (b *AddressBook) ListsOf(ctx context.Context, account account.ID, contact addressbook.SID, after string, limit int) (lists []addressbook.ListRef, err error) {
	err = b.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		lists, err = listsOf(conn, account, contact, after, limit)
		return err
	})
	return lists, storeError("read the lists of a contact", err)
}

// listsOf reads the lists of a contact, ordered by name, from behind the name after. The
// unary plus keeps SQLite from reading all lists of the account.
func listsOf(conn *sqlite.Conn, account account.ID, contact addressbook.SID, after string, limit int) (lists []addressbook.ListRef, err error) {
	err = sqlitex.Execute(conn, `SELECT lists.sid, lists.name, list_members.date_created FROM list_members
		JOIN lists ON lists.id = list_members.list_id
		WHERE list_members.contact_sid = ? AND +lists.account_id = ? AND +lists.name > ? ORDER BY lists.name LIMIT ?`,
		&sqlitex.ExecOptions{
			Args: []any{contact[:], account, after, limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				ref := addressbook.ListRef{Name: stmt.ColumnText(1), Joined: time.Unix(0, stmt.ColumnInt64(2))}
				stmt.ColumnBytes(0, ref.SID[:])
				lists = append(lists, ref)
				return nil
			},
		})
	if err != nil {
		return nil, fmt.Errorf("read the lists of a contact: %w", err)
	}
	return lists, nil
}
