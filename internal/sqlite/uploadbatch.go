package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"callbook/internal/addressbook"
	"callbook/internal/importer"
)

// ApplyBatch implements [importer.Store].
func (b *AddressBook) ApplyBatch(ctx context.Context, batch *importer.Batch) (importer.State, error) {
	var state importer.State
	err := b.edit(ctx, batch.Account, len(batch.Contacts), "import a batch", func(tx *editTx) (err error) {
		state, err = tx.applyBatch(batch)
		return err
	})
	return state, err
}

func (tx *editTx) applyBatch(batch *importer.Batch) (importer.State, error) {
	id, u, err := readUpload(tx.Conn, batch.Account, batch.Upload)
	if errors.Is(err, errNoRow) {
		return 0, fmt.Errorf("upload %s is not there", batch.Upload)
	}
	if err != nil || u.State != importer.Running {
		return u.State, err
	}
	if u.At != batch.From {
		return 0, fmt.Errorf("upload %s is at %v, and the batch begins at %v", batch.Upload, u.At, batch.From)
	}
	list, l, err := readList(tx.Conn, batch.Account, batch.List)
	if errors.Is(err, errNoRow) {
		return importer.ListGone, tx.endUpload(id, importer.ListGone, batch.At)
	}
	if err != nil {
		return 0, err
	}
	outcomes, err := tx.enlist(batch, list, batch.Max-l.ContactCount)
	if err != nil {
		return 0, err
	}
	settled := batch.Settle(outcomes)
	if err := tx.insertErrors(id, settled.Rows); err != nil {
		return 0, fmt.Errorf("insert error rows: %w", err)
	}
	if batch.Last {
		u.State = importer.Completed
	}
	tx.bytes += pageBytes // of which it changed a part
	return u.State, tx.exec(`UPDATE uploads SET state = ?, position = ?, line = ?, success = success + ?,
			duplicate = duplicate + ?, failed = failed + ?, date_updated = ? WHERE id = ?`,
		int(u.State), batch.To.Offset, batch.To.Line, settled.Stats.Success,
		settled.Stats.Duplicate, settled.Stats.Failed, batch.At.UnixNano(), id)
}

// enlist puts the batch's contacts into the list, up to so many, and into the
// address book before, where they are not in it.
func (tx *editTx) enlist(batch *importer.Batch, list int64, room int) ([]importer.Outcome, error) {
	index, err := tx.edit.indexes.get(tx.Conn, batch.Account)
	if err != nil {
		return nil, err
	}
	outcomes := make([]importer.Outcome, len(batch.Contacts))
	fresh := make([]*addressbook.Contact, 0, len(batch.Contacts))
	known := 0
	for i := range batch.Contacts {
		c := &batch.Contacts[i]
		prefix, found := index.lookup(c.Number)
		full := known+len(fresh) >= room
		switch {
		case found:
			added, member, err := tx.enlistKnown(batch, list, prefix, c, full)
			if err != nil {
				return nil, err
			}
			if added {
				known++
			} else if member {
				outcomes[i] = importer.Member
			} else {
				outcomes[i] = importer.Full
			}
		case full:
			outcomes[i] = importer.Full
		default:
			index.add(c.Number, c.SID.Prefix())
			tx.edit.changes = append(tx.edit.changes, numberChange{number: c.Number, sidPrefix: c.SID.Prefix(), added: true})
			fresh = append(fresh, c)
		}
	}
	if err := tx.insertFresh(batch.Account, list, fresh); err != nil {
		return nil, err
	}
	if known+len(fresh) == 0 {
		return outcomes, nil
	}
	return outcomes, tx.exec(`UPDATE lists SET contact_count = contact_count + ? WHERE id = ?`, known+len(fresh), list)
}

// enlistKnown puts a contact of the address book into the list, unless it is in
// it or the list is full.
func (tx *editTx) enlistKnown(batch *importer.Batch, list int64, prefix uint64, c *addressbook.Contact, full bool) (added, member bool, err error) {
	holder, err := tx.edit.indexes.holder(tx.Conn, batch.Account, prefix, c.Number)
	if err != nil {
		return false, false, err
	}
	if full {
		_, err := memberSince(tx.Conn, list, holder.SID)
		if errors.Is(err, errNoRow) {
			return false, false, nil
		}
		return false, true, err
	}
	err = tx.exec(`INSERT INTO list_members (list_id, contact_sid, date_created) VALUES (?,?,?) ON CONFLICT DO NOTHING`,
		list, holder.SID[:], batch.At.UnixNano())
	if err != nil {
		return false, false, fmt.Errorf("insert membership: %w", err)
	}
	if tx.Changes() == 0 {
		return false, true, nil
	}
	tx.bytes += memberBytes
	return true, false, nil
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

func (tx *editTx) insertErrors(upload int64, rows []importer.ErrorRow) error {
	return insertErrors.run(tx.Conn, len(rows), func(stmt *sqlite.Stmt, param, i int) {
		row := &rows[i]
		tx.bytes += len(row.Reason) + len(row.Record) + 16
		stmt.BindInt64(param, upload)
		stmt.BindInt64(param+1, row.Line)
		stmt.BindInt64(param+2, int64(errorKinds[row.Kind]))
		stmt.BindText(param+3, row.Reason)
		stmt.BindBytes(param+4, row.Record)
	})
}

var (
	insertMembers = newBulkInsert(`list_members (list_id, contact_sid, date_created)`, 3)
	insertErrors  = newBulkInsert(`upload_errors (upload_id, line, kind, reason, record)`, 5)
)
