package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
)

// DeleteContacts implements [addressbook.Store].
func (b *AddressBook) DeleteContacts(ctx context.Context, account account.ID, deletion addressbook.SID, sids []addressbook.SID, ready journal.Ready[[]addressbook.Result]) error {
	return b.edit(ctx, account, len(sids), "delete contacts", func(tx *editTx) error {
		results, err := tx.deleteContacts(deletion, sids)
		if err != nil {
			return err
		}
		return tx.keep(ready.Receipt(results))
	})
}

func (tx *editTx) deleteContacts(deletion addressbook.SID, sids []addressbook.SID) ([]addressbook.Result, error) {
	results := make([]addressbook.Result, len(sids))
	deleted, marks := make([]*addressbook.Contact, 0, len(sids)), make([]int64, 0, len(sids))
	for i, sid := range sids {
		c, err := readContact(tx.Conn, tx.edit.account, sid)
		if errors.Is(err, errNoRow) {
			results[i].Fault = addressbook.ErrNoContact
			continue
		}
		if err == nil {
			err = tx.edit.share.Claim(c.Weight())
		}
		var mark int64
		if err == nil {
			mark, err = tx.delete(&c, deletion)
		}
		if err != nil {
			return nil, err
		}
		results[i].Contact = &c
		deleted, marks = append(deleted, &c), append(marks, mark)
	}
	if deletion != addressbook.ForGood {
		if err := tx.trashContacts(deletion, deleted, marks); err != nil {
			return nil, err
		}
	}
	if err := tx.countContacts(-len(deleted)); err != nil {
		return nil, err
	}
	return results, nil
}

// delete deletes a contact's row and its memberships. It moves the memberships into the
// trash, unless the deletion is for good. It returns the [upload.Mark] of the upload that
// added the contact, or 0.
func (tx *editTx) delete(c *addressbook.Contact, deletion addressbook.SID) (mark int64, err error) {
	account := tx.edit.account
	// The unary plus disables the index on account_id, so that the planner starts from
	// list_members.
	err = tx.exec(`UPDATE lists SET contact_count = contact_count - 1
		WHERE +account_id = ? AND id IN (SELECT list_id FROM list_members WHERE contact_sid = ?)`, account, c.SID[:])
	ended := tx.Changes()
	if err == nil && ended > 0 && deletion != addressbook.ForGood {
		err = tx.exec(`INSERT INTO trashed_members (account_id, list_sid, contact_sid, date_created, upload)
			SELECT lists.account_id, lists.sid, list_members.contact_sid, list_members.date_created, list_members.upload
			FROM list_members CROSS JOIN lists ON lists.id = list_members.list_id
			WHERE list_members.contact_sid = ? AND lists.account_id = ?`, c.SID[:], account)
		tx.bytes += ended * memberBytes
	}
	if err == nil && ended > 0 {
		err = tx.exec(`DELETE FROM list_members
			WHERE ? = (SELECT account_id FROM lists WHERE id = list_id) AND contact_sid = ?`, account, c.SID[:])
	}
	if err == nil && deletion == addressbook.ForGood {
		err = tx.eraseMembers(c.SID)
	}
	if err != nil {
		return 0, fmt.Errorf("end memberships: %w", err)
	}
	err = sqlitex.Execute(tx.Conn, `DELETE FROM contacts WHERE account_id = ? AND sid = ? RETURNING upload`, &sqlitex.ExecOptions{
		Args:       []any{account, c.SID[:]},
		ResultFunc: func(row *sqlite.Stmt) error { mark = row.ColumnInt64(0); return nil },
	})
	if err != nil {
		return 0, fmt.Errorf("delete row: %w", err)
	}
	tx.freeNumber(c.Number, c.SID)
	tx.bytes += pageBytes // part of a page
	return mark, nil
}

// eraseMembers deletes the memberships of a contact from the trash.
func (tx *editTx) eraseMembers(contact addressbook.SID) error {
	return tx.exec(`DELETE FROM trashed_members WHERE account_id = ? AND contact_sid = ?`, tx.edit.account, contact[:])
}

var insertTrashed = newBulkInsert(`trashed_contacts (account_id, `+contactColumns+`, deletion, upload)`, contactParams+2)

// trashContacts inserts contacts into the trash, with the [upload.Mark]s of the uploads
// that added them.
func (tx *editTx) trashContacts(deletion addressbook.SID, contacts []*addressbook.Contact, marks []int64) error {
	err := insertTrashed.run(tx.Conn, len(contacts), func(stmt *sqlite.Stmt, param, i int) {
		tx.bytes += bindContact(stmt, param, tx.edit.account, contacts[i])
		stmt.BindBytes(param+contactParams, deletion[:])
		bindMark(stmt, param+contactParams+1, marks[i])
	})
	if err != nil {
		return fmt.Errorf("put contacts into the trash: %w", err)
	}
	return nil
}

// DeleteLists implements [addressbook.Store].
func (b *AddressBook) DeleteLists(ctx context.Context, account account.ID, deletion addressbook.SID, sids []addressbook.SID, ready journal.Ready[[]addressbook.ListResult]) error {
	return b.edit(ctx, account, len(sids), "delete lists", func(tx *editTx) error {
		results := make([]addressbook.ListResult, len(sids))
		for i, sid := range sids {
			id, l, err := readList(tx.Conn, account, sid)
			if errors.Is(err, errNoRow) {
				results[i].Fault = addressbook.ErrNoList
				continue
			}
			if err == nil {
				err = tx.edit.share.Claim(l.Weight())
			}
			if err == nil {
				err = tx.deleteList(id, &l, deletion)
			}
			if err != nil {
				return err
			}
			results[i].List = &l
		}
		return tx.keep(ready.Receipt(results))
	})
}

// deleteList deletes a list's row and its memberships. It moves both into the trash,
// unless the deletion is for good.
func (tx *editTx) deleteList(id int64, l *addressbook.List, deletion addressbook.SID) error {
	var err error
	account := tx.edit.account
	if deletion == addressbook.ForGood {
		err = tx.exec(`DELETE FROM trashed_members WHERE account_id = ? AND list_sid = ?`, account, l.SID[:])
	} else {
		err = tx.exec(`INSERT INTO trashed_members (account_id, list_sid, contact_sid, date_created, upload)
			SELECT ?, ?, contact_sid, date_created, upload FROM list_members WHERE list_id = ?`, account, l.SID[:], id)
		tx.bytes += l.ContactCount * memberBytes
		if err == nil {
			err = tx.exec(`INSERT INTO trashed_lists (account_id, sid, name, tag, type, contact_count, date_created, date_updated, deletion)
				SELECT account_id, sid, name, tag, type, contact_count, date_created, date_updated, ? FROM lists WHERE id = ?`, deletion[:], id)
		}
	}
	if err != nil {
		return fmt.Errorf("put a list into the trash: %w", err)
	}
	for _, query := range []string{
		`DELETE FROM list_members WHERE list_id = ?`,
		`DELETE FROM lists WHERE id = ?`,
	} {
		if err := tx.exec(query, id); err != nil {
			return fmt.Errorf("delete a list: %w", err)
		}
	}
	tx.bytes += pageBytes + l.ContactCount*memberBytes
	return nil
}
