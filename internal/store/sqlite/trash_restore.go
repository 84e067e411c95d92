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
	"callbook/internal/phone"
	"callbook/internal/trash"
	"callbook/internal/upload"
)

// RestoreContacts implements [trash.Store]. It first decides about all contacts, one
// after the other, and then writes.
func (b *AddressBook) RestoreContacts(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]trash.ContactResult]) error {
	return b.edit(ctx, account, len(sids), "restore contacts", func(tx *editTx) error {
		back := comeback{
			seen:    make(map[addressbook.SID]bool),
			numbers: make(map[phone.Number]*addressbook.Contact),
			lists:   make(map[int64]*addressbook.List),
		}
		results := make([]trash.ContactResult, len(sids))
		for i, sid := range sids {
			if back.seen[sid] { // a repeated sid is not in the trash any more
				results[i].Fault = trash.ErrNoContact
				continue
			}
			var err error
			if results[i], err = tx.comeBack(&back, sid); err != nil {
				return err
			}
		}
		if err := tx.bringBack(&back); err != nil {
			return err
		}
		return tx.keep(ready.Receipt(results))
	})
}

// comeback is the state of restoring contacts from the trash.
type comeback struct {
	contacts  []*addressbook.Contact
	deletions []addressbook.SID // of each contact
	marks     []int64           // of each contact, the [upload.Mark] of the upload that added it; 0 for none
	seen      map[addressbook.SID]bool
	numbers   map[phone.Number]*addressbook.Contact
	members   []comingMember
	lists     map[int64]*addressbook.List // by id; their counts include members
}

// comingMember is a membership that is being restored.
type comingMember struct {
	id            int64 // of the list
	list, contact addressbook.SID
	created       int64 // Unix nanoseconds
	mark          int64 // [upload.Mark] of the upload that added it; 0 for none
}

// comeBack decides whether to restore a contact, and takes its number.
func (tx *editTx) comeBack(back *comeback, sid addressbook.SID) (trash.ContactResult, error) {
	c, deletion, mark, err := readTrashed(tx.Conn, tx.edit.account, sid)
	if errors.Is(err, errNoRow) {
		return trash.ContactResult{Fault: trash.ErrNoContact}, nil
	}
	if err == nil {
		err = tx.edit.share.Claim(c.Weight())
	}
	if err != nil {
		return trash.ContactResult{}, err
	}
	members, err := tx.comingMembers(back, sid)
	if err != nil {
		return trash.ContactResult{}, err
	}
	for _, m := range members {
		if l := back.lists[m.id]; l.ContactCount >= upload.CapOf(l.Type) {
			return trash.ContactResult{Full: &addressbook.ListRef{SID: l.SID, Name: l.Name}, Fault: trash.ErrListFull}, nil
		}
	}
	other := back.numbers[c.Number] // another restored contact, which has no row yet
	if other != nil {
		err = tx.edit.share.Claim(other.Weight())
	} else {
		other, err = tx.takeNumber(c.Number, c.SID)
	}
	if err != nil {
		return trash.ContactResult{}, err
	}
	if other != nil {
		return trash.ContactResult{Contact: other, Fault: addressbook.ErrNumberTaken}, nil
	}
	for _, m := range members {
		back.lists[m.id].ContactCount++
	}
	back.contacts, back.deletions, back.marks = append(back.contacts, &c), append(back.deletions, deletion), append(back.marks, mark)
	back.members = append(back.members, members...)
	back.seen[sid], back.numbers[c.Number] = true, &c
	return trash.ContactResult{Contact: &c}, nil
}

// comingMembers reads the memberships of a contact in the trash whose lists exist,
// ordered by the sids of the lists. The query forces its index: by itself, SQLite would
// read all memberships in the account's trash.
func (tx *editTx) comingMembers(back *comeback, contact addressbook.SID) (members []comingMember, err error) {
	err = sqlitex.Execute(tx.Conn, `SELECT `+listColumns+`, trashed_members.date_created, trashed_members.upload
		FROM trashed_members INDEXED BY trashed_members_by_contact CROSS JOIN lists ON lists.account_id = trashed_members.account_id AND lists.sid = trashed_members.list_sid
		WHERE trashed_members.account_id = ? AND trashed_members.contact_sid = ? ORDER BY lists.sid`, &sqlitex.ExecOptions{
		Args: []any{tx.edit.account, contact[:]},
		ResultFunc: func(row *sqlite.Stmt) error {
			id, l := scanList(row)
			if back.lists[id] == nil {
				back.lists[id] = &l
			}
			members = append(members, comingMember{id: id, list: l.SID, contact: contact, created: row.ColumnInt64(8), mark: row.ColumnInt64(9)})
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("read memberships in the trash: %w", err)
	}
	return members, nil
}

var insertComing = newBulkInsert(`list_members (list_id, contact_sid, date_created, upload)`, 4)

// bringBack moves contacts and their memberships out of the trash. Their numbers must be
// taken already.
func (tx *editTx) bringBack(back *comeback) error {
	account := tx.edit.account
	bytes := 0
	err := insertUploaded.run(tx.Conn, len(back.contacts), func(stmt *sqlite.Stmt, param, i int) {
		bytes += bindContact(stmt, param, account, back.contacts[i]) + markBytes
		bindMark(stmt, param+contactParams, back.marks[i])
	})
	if err != nil {
		return fmt.Errorf("restore contacts: %w", err)
	}
	for i, c := range back.contacts {
		if err := tx.exec(`DELETE FROM trashed_contacts WHERE account_id = ? AND deletion = ? AND sid = ?`, account, back.deletions[i][:], c.SID[:]); err != nil {
			return fmt.Errorf("take contacts out of the trash: %w", err)
		}
	}
	err = insertComing.run(tx.Conn, len(back.members), func(stmt *sqlite.Stmt, param, i int) {
		stmt.BindInt64(param, back.members[i].id)
		stmt.BindBytes(param+1, back.members[i].contact[:])
		stmt.BindInt64(param+2, back.members[i].created)
		bindMark(stmt, param+3, back.members[i].mark)
	})
	if err != nil {
		return fmt.Errorf("restore memberships: %w", err)
	}
	joined := make(map[int64]int, len(back.lists))
	for _, m := range back.members {
		joined[m.id]++
		err := tx.exec(`DELETE FROM trashed_members WHERE account_id = ? AND list_sid = ? AND contact_sid = ?`, account, m.list[:], m.contact[:])
		if err != nil {
			return fmt.Errorf("take memberships out of the trash: %w", err)
		}
	}
	for id, n := range joined {
		if err := tx.exec(`UPDATE lists SET contact_count = contact_count + ? WHERE id = ?`, n, id); err != nil {
			return fmt.Errorf("count members: %w", err)
		}
	}
	tx.bytes += bytes + len(back.contacts)*pageBytes + 2*len(back.members)*memberBytes
	return tx.countContacts(len(back.contacts))
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
	err = tx.exec(`INSERT INTO list_members (list_id, contact_sid, date_created, upload) SELECT ?3, contact_sid, date_created, upload`+there, account, sid[:], id)
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
			c, deletion, _, err := readTrashed(tx.Conn, account, sid)
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
