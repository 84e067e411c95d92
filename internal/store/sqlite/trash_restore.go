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
	"callbook/internal/trash"
	"callbook/internal/upload"
)

// RestoreContacts implements [trash.Store].
func (b *AddressBook) RestoreContacts(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]trash.ContactResult]) error {
	return b.edit(ctx, account, len(sids), "restore contacts", func(tx *editTx) error {
		results := make([]trash.ContactResult, len(sids))
		restored := 0
		for i, sid := range sids {
			var err error
			if results[i], err = tx.restoreContact(sid); err != nil {
				return err
			}
			if results[i].Fault == nil {
				restored++
			}
		}
		if err := tx.countContacts(restored); err != nil {
			return err
		}
		return tx.keep(ready.Receipt(results))
	})
}

// comeBack selects the memberships of a contact in the trash whose lists are there.
const comeBack = ` FROM trashed_members CROSS JOIN lists ON lists.account_id = trashed_members.account_id AND lists.sid = trashed_members.list_sid
	WHERE trashed_members.account_id = ? AND trashed_members.contact_sid = ?`

func (tx *editTx) restoreContact(sid addressbook.SID) (trash.ContactResult, error) {
	account := tx.edit.account
	c, deletion, err := readTrashed(tx.Conn, account, sid)
	if errors.Is(err, errNoRow) {
		return trash.ContactResult{Fault: trash.ErrNoContact}, nil
	}
	if err == nil {
		err = tx.edit.share.Claim(c.Weight())
	}
	if err != nil {
		return trash.ContactResult{}, err
	}
	var full *addressbook.ListRef
	err = sqlitex.Execute(tx.Conn, `SELECT `+listColumns+comeBack+` ORDER BY lists.sid`, &sqlitex.ExecOptions{
		Args: []any{account, sid[:]},
		ResultFunc: func(row *sqlite.Stmt) error {
			if _, l := scanList(row); full == nil && l.ContactCount >= upload.CapOf(l.Type) {
				full = &addressbook.ListRef{SID: l.SID, Name: l.Name}
			}
			return nil
		},
	})
	if err != nil {
		return trash.ContactResult{}, err
	}
	if full != nil {
		return trash.ContactResult{Full: full, Fault: trash.ErrListFull}, nil
	}
	other, err := tx.takeNumber(c.Number, c.SID)
	if err != nil {
		return trash.ContactResult{}, err
	}
	if other != nil {
		return trash.ContactResult{Contact: other, Fault: addressbook.ErrNumberTaken}, nil
	}
	if err := tx.bringBack(&c, deletion); err != nil {
		return trash.ContactResult{}, err
	}
	return trash.ContactResult{Contact: &c}, nil
}

// bringBack moves a contact, whose number it has taken, and its memberships out of the
// trash.
func (tx *editTx) bringBack(c *addressbook.Contact, deletion addressbook.SID) error {
	account := tx.edit.account
	bytes, err := insertRows(tx.Conn, account, []*addressbook.Contact{c})
	if err != nil {
		return fmt.Errorf("restore a contact: %w", err)
	}
	if err := tx.exec(`DELETE FROM trashed_contacts WHERE account_id = ? AND deletion = ? AND sid = ?`, account, deletion[:], c.SID[:]); err != nil {
		return fmt.Errorf("restore a contact: %w", err)
	}
	err = tx.exec(`INSERT INTO list_members (list_id, contact_sid, date_created)
		SELECT lists.id, trashed_members.contact_sid, trashed_members.date_created`+comeBack, account, c.SID[:])
	members := tx.Changes()
	if err == nil && members > 0 {
		err = tx.exec(`UPDATE lists SET contact_count = contact_count + 1 WHERE id IN (SELECT lists.id`+comeBack+`)`, account, c.SID[:])
	}
	if err == nil && members > 0 {
		err = tx.exec(`DELETE FROM trashed_members WHERE account_id = ?1 AND contact_sid = ?2
			AND EXISTS (SELECT 1 FROM lists WHERE account_id = ?1 AND sid = trashed_members.list_sid)`, account, c.SID[:])
	}
	if err != nil {
		return fmt.Errorf("restore memberships: %w", err)
	}
	tx.bytes += bytes + pageBytes + members*memberBytes
	return nil
}

// RestoreLists implements [trash.Store].
func (b *AddressBook) RestoreLists(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]trash.ListResult]) error {
	return b.edit(ctx, account, len(sids), "restore lists", func(tx *editTx) error {
		results := make([]trash.ListResult, len(sids))
		for i, sid := range sids {
			var err error
			if results[i], err = tx.restoreList(sid); err != nil {
				return err
			}
		}
		return tx.keep(ready.Receipt(results))
	})
}

func (tx *editTx) restoreList(sid addressbook.SID) (trash.ListResult, error) {
	account := tx.edit.account
	l, err := readTrashedList(tx.Conn, account, sid)
	if errors.Is(err, errNoRow) {
		return trash.ListResult{Fault: trash.ErrNoList}, nil
	}
	if err == nil {
		err = tx.edit.share.Claim(l.Weight())
	}
	if err != nil {
		return trash.ListResult{}, err
	}
	added, err := tx.insertList(account, &l)
	if err != nil {
		return trash.ListResult{}, err
	}
	if !added {
		other, err := readListByName(tx.Conn, account, l.Name)
		if err == nil {
			err = tx.edit.share.Claim(other.Weight())
		}
		return trash.ListResult{List: &other, Fault: addressbook.ErrNameTaken}, err
	}
	id := tx.LastInsertRowID()
	const there = ` FROM trashed_members WHERE account_id = ?1 AND list_sid = ?2
		AND EXISTS (SELECT 1 FROM contacts WHERE contacts.account_id = ?1 AND contacts.sid = trashed_members.contact_sid)`
	err = tx.exec(`INSERT INTO list_members (list_id, contact_sid, date_created) SELECT ?3, contact_sid, date_created`+there, account, sid[:], id)
	l.ContactCount = tx.Changes()
	for _, change := range []struct {
		query string
		args  []any
	}{
		{`DELETE` + there, []any{account, sid[:]}},
		{`UPDATE lists SET contact_count = ? WHERE id = ?`, []any{l.ContactCount, id}},
		{`DELETE FROM trashed_lists WHERE account_id = ? AND sid = ?`, []any{account, sid[:]}},
	} {
		if err == nil {
			err = tx.exec(change.query, change.args...)
		}
	}
	if err != nil {
		return trash.ListResult{}, fmt.Errorf("restore a list: %w", err)
	}
	tx.bytes += 2*pageBytes + 2*l.ContactCount*memberBytes
	return trash.ListResult{List: &l}, nil
}

// EraseContacts implements [trash.Store].
func (b *AddressBook) EraseContacts(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]trash.ContactResult]) error {
	return b.edit(ctx, account, len(sids), "delete contacts for good", func(tx *editTx) error {
		results := make([]trash.ContactResult, len(sids))
		for i, sid := range sids {
			c, deletion, err := readTrashed(tx.Conn, account, sid)
			if errors.Is(err, errNoRow) {
				results[i].Fault = trash.ErrNoContact
				continue
			}
			if err == nil {
				err = tx.edit.share.Claim(c.Weight())
			}
			if err == nil {
				err = tx.eraseMembers(sid)
			}
			if err == nil {
				err = tx.exec(`DELETE FROM trashed_contacts WHERE account_id = ? AND deletion = ? AND sid = ?`, account, deletion[:], sid[:])
			}
			if err != nil {
				return err
			}
			results[i].Contact = &c
			tx.bytes += pageBytes
		}
		return tx.keep(ready.Receipt(results))
	})
}

// EraseLists implements [trash.Store].
func (b *AddressBook) EraseLists(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]trash.ListResult]) error {
	return b.edit(ctx, account, len(sids), "delete lists for good", func(tx *editTx) error {
		results := make([]trash.ListResult, len(sids))
		for i, sid := range sids {
			l, err := readTrashedList(tx.Conn, account, sid)
			if errors.Is(err, errNoRow) {
				results[i].Fault = trash.ErrNoList
				continue
			}
			if err == nil {
				err = tx.edit.share.Claim(l.Weight())
			}
			if err == nil {
				err = tx.hideList(sid)
			}
			if err != nil {
				return err
			}
			results[i].List = &l
			tx.bytes += pageBytes
		}
		return tx.keep(ready.Receipt(results))
	})
}
