package sqlite

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/upload"
)

// enlist decides what happens to each contact of a batch, and does it unless this is a
// dry run. Listed is how many contacts the list has. List is 0 in a dry run for a new
// list.
func (tx *editTx) enlist(batch *upload.Batch, list int64, listed int) ([]upload.Outcome, error) {
	index, err := tx.edit.indexes.get(tx.Conn, batch.Account)
	if err != nil {
		return nil, err
	}
	decide, mark := batch.Decide(listed), upload.Mark(batch.Upload)
	outcomes := make([]upload.Outcome, len(batch.Contacts))
	fresh := make([]*addressbook.Contact, 0, len(batch.Contacts))
	joined := 0
	for i := range batch.Contacts {
		c := &batch.Contacts[i]
		holder, standing, err := tx.standing(index, batch.Account, list, c.Number)
		if err != nil {
			return nil, err
		}
		outcomes[i] = decide(i, standing)
		switch {
		case batch.DryRun || outcomes[i] == upload.Full:
			continue
		case outcomes[i] == upload.Added:
			index.add(c.Number, c.SID.Prefix())
			tx.edit.changes = append(tx.edit.changes, numberChange{number: c.Number, sidPrefix: c.SID.Prefix(), added: true})
			fresh = append(fresh, c)
			continue
		case outcomes[i] == upload.Joined:
			joined++
			tx.bytes += memberBytes
			err = tx.exec(`INSERT INTO list_members (list_id, contact_sid, date_created, upload) VALUES (?,?,?,?)`,
				list, holder.SID[:], batch.Time.UnixNano(), mark)
			if err != nil {
				return nil, fmt.Errorf("insert membership: %w", err)
			}
		}
		if batch.OnDuplicate == addressbook.UpdateDuplicate {
			holder.Overwrite(c)
			bytes, err := updateRow(tx.Conn, batch.Account, holder)
			if err != nil {
				return nil, err
			}
			tx.bytes += bytes
		}
	}
	if err := tx.insertFresh(batch.Account, list, fresh, mark); err != nil {
		return nil, err
	}
	if joined+len(fresh) == 0 {
		return outcomes, nil
	}
	return outcomes, tx.exec(`UPDATE lists SET contact_count = contact_count + ? WHERE id = ?`, joined+len(fresh), list)
}

// standing reads whether the address book and the list have a number, and the contact
// that has it.
func (tx *editTx) standing(index *numberIndex, account account.ID, list int64, number phone.Number) (*addressbook.Contact, upload.Standing, error) {
	prefix, found := index.lookup(number)
	switch {
	case !found:
		return nil, upload.Unknown, nil
	case list == 0:
		return nil, upload.Known, nil // a dry run for a new list needs no contact
	}
	holder, err := tx.edit.indexes.holder(tx.Conn, account, prefix, number)
	if err != nil {
		return nil, upload.Unknown, err
	}
	_, err = memberSince(tx.Conn, list, holder.SID)
	if errors.Is(err, errNoRow) {
		return holder, upload.Known, nil
	}
	return holder, upload.Listed, err
}

// insertFresh inserts contacts that are in the index already, and their memberships. Only
// the contacts get the [upload.Mark] of their upload. A membership with the same date as
// its contact was added with it, and marks in them would make imports take a tenth more
// time and space.
func (tx *editTx) insertFresh(account account.ID, list int64, contacts []*addressbook.Contact, mark int64) error {
	if len(contacts) == 0 {
		return nil
	}
	bytes := 0
	err := insertUploaded.run(tx.Conn, len(contacts), func(stmt *sqlite.Stmt, param, i int) {
		bytes += bindContact(stmt, param, account, contacts[i]) + markBytes
		stmt.BindInt64(param+contactParams, mark)
	})
	if err != nil {
		return fmt.Errorf("insert rows: %w", err)
	}
	tx.bytes += bytes + len(contacts)*memberBytes
	err = insertMembers.run(tx.Conn, len(contacts), func(stmt *sqlite.Stmt, param, i int) {
		stmt.BindInt64(param, list)
		stmt.BindBytes(param+1, contacts[i].SID[:])
		stmt.BindInt64(param+2, contacts[i].Created.UnixNano())
	})
	if err != nil {
		return fmt.Errorf("insert memberships: %w", err)
	}
	return tx.countContacts(len(contacts))
}

// bindMark binds an [upload.Mark]; 0 is NULL.
func bindMark(stmt *sqlite.Stmt, param int, mark int64) {
	if mark == 0 {
		stmt.BindNull(param)
	} else {
		stmt.BindInt64(param, mark)
	}
}

// markBytes is the space that an [upload.Mark] takes in a row.
const markBytes = 8

var (
	insertUploaded = newBulkInsert(`contacts (account_id, `+contactColumns+`, upload)`, contactParams+1)
	insertMembers  = newBulkInsert(`list_members (list_id, contact_sid, date_created)`, 3)
)
