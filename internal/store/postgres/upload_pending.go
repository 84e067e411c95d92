package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/journal"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

// selectPending is what scanPending reads.
const selectPending = `SELECT ` + accountColumns + `, d.sid, d.file_name, d.size, d.list_name, d.type, d.on_duplicate, d.mapping,
	d.trial_sid, d.date_created FROM upload_drafts AS d JOIN accounts ON accounts.id = d.account_id`

func scanPending(row pgx.CollectableRow) (f upload.PendingFile, err error) {
	var a accountRow
	var mapping string
	r := &f.Request
	r.TypeGiven = true
	err = row.Scan(append(a.into(), (*sidValue)(&f.SID), &f.FileName, &f.Size, &r.ListName, (*uint8)(&r.Type),
		(*uint8)(&r.Options.OnDuplicate), &mapping, (*sidValue)(&f.Trial), (*dateValue)(&f.Created))...)
	if err == nil {
		r.Mapping, err = table.DecodeMapping(mapping)
	}
	if err == nil {
		f.Account, err = a.account()
	}
	return f, err
}

// AddPending implements [upload.PendingStore].
func (db *DB) AddPending(ctx context.Context, f upload.PendingFile) error {
	r := &f.Request
	return db.execute(ctx, of(f.Account.ID), "add pending file", `INSERT INTO upload_drafts (account_id, sid, file_name, size, list_name, type, on_duplicate,
			mapping, trial_sid, date_created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		f.Account.ID, (*sidValue)(&f.SID), f.FileName, f.Size, r.ListName, int16(r.Type), int16(r.Options.OnDuplicate),
		r.Mapping.Encode(), (*sidValue)(&f.Trial), f.Created.UnixNano())
}

// PendingFiles implements [upload.PendingStore].
func (db *DB) PendingFiles(ctx context.Context) ([]upload.PendingFile, error) {
	return collect(ctx, db, purpose{}, "list pending files", scanPending, selectPending+` ORDER BY d.sid`)
}

// PendingFile implements [upload.PendingStore].
func (db *DB) PendingFile(ctx context.Context, account account.ID, sid addressbook.SID) (upload.PendingFile, error) {
	found, err := collect(ctx, db, of(account), "read pending file", scanPending, selectPending+` WHERE d.account_id = $1 AND d.sid = $2`, account, (*sidValue)(&sid))
	if err != nil {
		return upload.PendingFile{}, err
	}
	if len(found) == 0 {
		return upload.PendingFile{}, upload.ErrNotPending
	}
	return found[0], nil
}

// ChangePending implements [upload.PendingStore].
func (db *DB) ChangePending(ctx context.Context, f upload.PendingFile) error {
	r := &f.Request
	return db.write(ctx, f.Account.ID, "change pending file", func(t *tx) error {
		there := false
		t.queue(`UPDATE upload_drafts SET list_name = $3, type = $4, on_duplicate = $5, mapping = $6, trial_sid = $7
				WHERE account_id = $1 AND sid = $2`,
			t.account, (*sidValue)(&f.SID), r.ListName, int16(r.Type), int16(r.Options.OnDuplicate), r.Mapping.Encode(), (*sidValue)(&f.Trial)).
			Exec(whether(&there))
		if err := t.flush(); err != nil || there {
			return err
		}
		return upload.ErrNotPending
	})
}

// RemovePending implements [upload.PendingStore].
func (db *DB) RemovePending(ctx context.Context, account account.ID, sid addressbook.SID) (was bool, err error) {
	err = db.write(ctx, account, "remove pending file", func(t *tx) error {
		t.queueRemovePending(sid, &was)
		err := t.flush()
		if was {
			audit.NoteOf(ctx).Count(1)
		}
		return err
	})
	return was && err == nil, err
}

// queueRemovePending queues the removal of a pending file. After it has run, was tells
// whether the file existed.
func (t *tx) queueRemovePending(sid addressbook.SID, was *bool) {
	t.queue(`DELETE FROM upload_drafts WHERE account_id = $1 AND sid = $2`, t.account, (*sidValue)(&sid)).Exec(whether(was))
}

// whether returns a function that stores whether a statement found a row.
func whether(found *bool) func(pgconn.CommandTag) error {
	return func(tag pgconn.CommandTag) error {
		*found = tag.RowsAffected() > 0
		return nil
	}
}

// StartPending implements [upload.PendingStore].
func (db *DB) StartPending(ctx context.Context, u upload.Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error {
	return db.addUpload(ctx, u, list, true, ready)
}
