package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

const (
	draftColumns = accountColumns + `, d.sid, d.file_name, d.size, d.list_name, d.type, d.on_duplicate, d.mapping, d.trial_sid, d.date_created`
	fromDrafts   = ` FROM upload_drafts AS d JOIN accounts ON accounts.id = d.account_id`
)

func scanDraft(stmt *sqlite.Stmt) (d upload.Draft, err error) {
	if d.Account, err = scanAccount(stmt); err != nil {
		return d, err
	}
	stmt.ColumnBytes(5, d.SID[:])
	d.FileName, d.Size = stmt.ColumnText(6), stmt.ColumnInt64(7)
	d.Request.ListName = stmt.ColumnText(8)
	d.Request.Type, d.Request.TypeGiven = addressbook.ListType(stmt.ColumnInt(9)), true
	d.Request.Options.OnDuplicate = addressbook.OnDuplicate(stmt.ColumnInt(10))
	d.Request.Mapping, err = table.DecodeMapping(stmt.ColumnText(11))
	stmt.ColumnBytes(12, d.Trial[:])
	d.Created = time.Unix(0, stmt.ColumnInt64(13))
	return d, err
}

// AddDraft implements [upload.DraftStore].
func (b *AddressBook) AddDraft(ctx context.Context, d upload.Draft) error {
	r := &d.Request
	return b.edit(ctx, d.Account.ID, 1, "add draft", func(tx *editTx) error {
		tx.bytes += pageBytes // of which it changed a part
		return tx.exec(`INSERT INTO upload_drafts (account_id, sid, file_name, size, list_name, type, on_duplicate, mapping,
				trial_sid, date_created) VALUES (?,?,?,?,?,?,?,?,?,?)`,
			d.Account.ID, d.SID[:], d.FileName, d.Size, r.ListName, int(r.Type), int(r.Options.OnDuplicate), r.Mapping.Encode(),
			d.Trial[:], d.Created.UnixNano())
	})
}

// Drafts implements [upload.DraftStore].
func (b *AddressBook) Drafts(ctx context.Context) (all []upload.Draft, err error) {
	err = b.db.points.read(ctx, noAccount, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT `+draftColumns+fromDrafts+` ORDER BY d.sid`, &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				d, err := scanDraft(stmt)
				all = append(all, d)
				return err
			},
		})
	})
	return all, storeError("list drafts", err)
}

// Draft implements [upload.DraftStore].
func (b *AddressBook) Draft(ctx context.Context, account int64, sid addressbook.SID) (d upload.Draft, err error) {
	err = b.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT `+draftColumns+fromDrafts+` WHERE d.account_id = ? AND d.sid = ?`, []any{account, sid[:]},
			func(stmt *sqlite.Stmt) (err error) {
				d, err = scanDraft(stmt)
				return err
			})
	})
	if errors.Is(err, errNoRow) {
		return upload.Draft{}, upload.ErrNoDraft
	}
	return d, storeError("read draft", err)
}

// ChangeDraft implements [upload.DraftStore].
func (b *AddressBook) ChangeDraft(ctx context.Context, d upload.Draft) error {
	r := &d.Request
	changed := false
	err := b.edit(ctx, d.Account.ID, 1, "change draft", func(tx *editTx) error {
		tx.bytes += pageBytes // of which it changed a part
		err := tx.exec(`UPDATE upload_drafts SET list_name = ?, type = ?, on_duplicate = ?, mapping = ?, trial_sid = ?
				WHERE account_id = ? AND sid = ?`,
			r.ListName, int(r.Type), int(r.Options.OnDuplicate), r.Mapping.Encode(), d.Trial[:], d.Account.ID, d.SID[:])
		changed = tx.Changes() > 0
		return err
	})
	if err == nil && !changed {
		return upload.ErrNoDraft
	}
	return err
}

// RemoveDraft implements [upload.DraftStore].
func (b *AddressBook) RemoveDraft(ctx context.Context, account int64, sid addressbook.SID) (was bool, err error) {
	err = b.edit(ctx, account, 1, "remove draft", func(tx *editTx) (err error) {
		was, err = tx.removeDraft(account, sid)
		return err
	})
	return was && err == nil, err
}

func (tx *editTx) removeDraft(account int64, sid addressbook.SID) (was bool, err error) {
	tx.bytes += pageBytes // of which it changed a part
	err = tx.exec(`DELETE FROM upload_drafts WHERE account_id = ? AND sid = ?`, account, sid[:])
	return tx.Changes() > 0, err
}

// StartDraft implements [upload.DraftStore].
func (b *AddressBook) StartDraft(ctx context.Context, u upload.Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error {
	return b.addUpload(ctx, u, list, true, ready)
}
