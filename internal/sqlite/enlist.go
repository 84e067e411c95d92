package sqlite

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"callbook/internal/addressbook"
	"callbook/internal/upload"
)

// enlist puts the batch's contacts into the list, up to so many, and into the
// address book before, where they are not in it.
func (tx *editTx) enlist(batch *upload.Batch, list int64, room int) ([]upload.Outcome, error) {
	index, err := tx.edit.indexes.get(tx.Conn, batch.Account)
	if err != nil {
		return nil, err
	}
	outcomes := make([]upload.Outcome, len(batch.Contacts))
	fresh := make([]*addressbook.Contact, 0, len(batch.Contacts))
	joined := 0
	for i := range batch.Contacts {
		c := &batch.Contacts[i]
		prefix, found := index.lookup(c.Number)
		full := joined+len(fresh) >= room
		switch {
		case found:
			if outcomes[i], err = tx.enlistKnown(batch, list, prefix, c, full); err != nil {
				return nil, err
			}
			if outcomes[i] == upload.Joined {
				joined++
			}
		case full:
			outcomes[i] = upload.Full
		default:
			index.add(c.Number, c.SID.Prefix())
			tx.edit.changes = append(tx.edit.changes, numberChange{number: c.Number, sidPrefix: c.SID.Prefix(), added: true})
			fresh = append(fresh, c)
		}
	}
	if err := tx.insertFresh(batch.Account, list, fresh); err != nil {
		return nil, err
	}
	if joined+len(fresh) == 0 {
		return outcomes, nil
	}
	return outcomes, tx.exec(`UPDATE lists SET contact_count = contact_count + ? WHERE id = ?`, joined+len(fresh), list)
}

// enlistKnown puts a contact of the address book into the list, unless it is in
// it or the list is full, and overwrites one that is in it then, when the batch
// is to.
func (tx *editTx) enlistKnown(batch *upload.Batch, list int64, prefix uint64, c *addressbook.Contact, full bool) (upload.Outcome, error) {
	holder, err := tx.edit.indexes.holder(tx.Conn, batch.Account, prefix, c.Number)
	if err != nil {
		return 0, err
	}
	outcome := upload.Full
	if full {
		var member bool
		if member, err = isMember(tx.Conn, list, holder.SID); member {
			outcome = upload.Member
		}
	} else {
		outcome, err = tx.join(batch, list, holder.SID)
	}
	if err != nil || outcome == upload.Full || batch.OnDuplicate != addressbook.UpdateDuplicate {
		return outcome, err
	}
	holder.Overwrite(c)
	bytes, err := updateRow(tx.Conn, batch.Account, holder)
	tx.bytes += bytes
	return outcome, err
}

// join puts a contact into a list that has room, unless it is in it.
func (tx *editTx) join(batch *upload.Batch, list int64, contact addressbook.SID) (upload.Outcome, error) {
	err := tx.exec(`INSERT INTO list_members (list_id, contact_sid, date_created) VALUES (?,?,?) ON CONFLICT DO NOTHING`,
		list, contact[:], batch.Time.UnixNano())
	if err != nil {
		return 0, fmt.Errorf("insert membership: %w", err)
	}
	if tx.Changes() == 0 {
		return upload.Member, nil
	}
	tx.bytes += memberBytes
	return upload.Joined, nil
}

func isMember(conn *sqlite.Conn, list int64, contact addressbook.SID) (bool, error) {
	_, err := memberSince(conn, list, contact)
	if errors.Is(err, errNoRow) {
		return false, nil
	}
	return err == nil, err
}

// insertFresh adds contacts that are in the index already, and their
// memberships.
func (tx *editTx) insertFresh(account, list int64, contacts []*addressbook.Contact) error {
	if len(contacts) == 0 {
		return nil
	}
	bytes, err := insertRows(tx.Conn, account, contacts)
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

var insertMembers = newBulkInsert(`list_members (list_id, contact_sid, date_created)`, 3)

// tryBatch finds out what would become of a dry run's contacts. A list that is
// zero has none.
func (tx *editTx) tryBatch(batch *upload.Batch, list int64, listed int) ([]upload.Outcome, error) {
	index, err := tx.edit.indexes.get(tx.Conn, batch.Account)
	if err != nil {
		return nil, err
	}
	standings := make([]upload.Standing, len(batch.Contacts))
	for i := range batch.Contacts {
		number := batch.Contacts[i].Number
		prefix, found := index.lookup(number)
		if !found {
			continue
		}
		standings[i] = upload.Known
		if list == 0 {
			continue
		}
		holder, err := tx.edit.indexes.holder(tx.Conn, batch.Account, prefix, number)
		if err != nil {
			return nil, err
		}
		member, err := isMember(tx.Conn, list, holder.SID)
		if err != nil {
			return nil, err
		}
		if member {
			standings[i] = upload.Listed
		}
	}
	return batch.Decide(standings, listed), nil
}
