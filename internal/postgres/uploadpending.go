package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

// selectDrafts is what scanDraft reads.
const selectDrafts = `SELECT ` + accountColumns + `, d.sid, d.file_name, d.size, d.list_name, d.type, d.on_duplicate, d.mapping,
	d.trial_sid, d.date_created FROM upload_drafts AS d JOIN accounts ON accounts.id = d.account_id`

func scanDraft(row pgx.CollectableRow) (d upload.Draft, err error) {
	var a accountRow
	var mapping string
	r := &d.Request
	r.TypeGiven = true
	err = row.Scan(append(a.into(), (*sidValue)(&d.SID), &d.FileName, &d.Size, &r.ListName, (*uint8)(&r.Type),
		(*uint8)(&r.Options.OnDuplicate), &mapping, (*sidValue)(&d.Trial), (*dateValue)(&d.Created))...)
	if err == nil {
		r.Mapping, err = table.DecodeMapping(mapping)
	}
	if err == nil {
		d.Account, err = a.account()
	}
	return d, err
}

// AddDraft implements [upload.DraftStore].
func (db *DB) AddDraft(ctx context.Context, d upload.Draft) error {
	r := &d.Request
	return db.execute(ctx, of(d.Account.ID), "add draft", `INSERT INTO upload_drafts (account_id, sid, file_name, size, list_name, type, on_duplicate,
			mapping, trial_sid, date_created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		d.Account.ID, (*sidValue)(&d.SID), d.FileName, d.Size, r.ListName, int16(r.Type), int16(r.Options.OnDuplicate),
		r.Mapping.Encode(), (*sidValue)(&d.Trial), d.Created.UnixNano())
}

// Drafts implements [upload.DraftStore].
func (db *DB) Drafts(ctx context.Context) ([]upload.Draft, error) {
	return collect(ctx, db, purpose{}, "list drafts", scanDraft, selectDrafts+` ORDER BY d.sid`)
}

// Draft implements [upload.DraftStore].
func (db *DB) Draft(ctx context.Context, account int64, sid addressbook.SID) (upload.Draft, error) {
	found, err := collect(ctx, db, of(account), "read draft", scanDraft, selectDrafts+` WHERE d.account_id = $1 AND d.sid = $2`, account, (*sidValue)(&sid))
	if err != nil {
		return upload.Draft{}, err
	}
	if len(found) == 0 {
		return upload.Draft{}, upload.ErrNoDraft
	}
	return found[0], nil
}

// ChangeDraft implements [upload.DraftStore].
func (db *DB) ChangeDraft(ctx context.Context, d upload.Draft) error {
	r := &d.Request
	return db.write(ctx, d.Account.ID, "change draft", func(t *tx) error {
		there := false
		t.queue(`UPDATE upload_drafts SET list_name = $3, type = $4, on_duplicate = $5, mapping = $6, trial_sid = $7
				WHERE account_id = $1 AND sid = $2`,
			t.account, (*sidValue)(&d.SID), r.ListName, int16(r.Type), int16(r.Options.OnDuplicate), r.Mapping.Encode(), (*sidValue)(&d.Trial)).
			Exec(whether(&there))
		if err := t.flush(); err != nil || there {
			return err
		}
		return upload.ErrNoDraft
	})
}

// RemoveDraft implements [upload.DraftStore].
func (db *DB) RemoveDraft(ctx context.Context, account int64, sid addressbook.SID) (was bool, err error) {
	err = db.write(ctx, account, "remove draft", func(t *tx) error {
		t.queueRemoveDraft(sid, &was)
		return t.flush()
	})
	return was && err == nil, err
}

// queueRemoveDraft removes a draft, and tells whether it was there, when the
// queue is run.
func (t *tx) queueRemoveDraft(sid addressbook.SID, was *bool) {
	t.queue(`DELETE FROM upload_drafts WHERE account_id = $1 AND sid = $2`, t.account, (*sidValue)(&sid)).Exec(whether(was))
}

// whether tells whether a statement found a row.
func whether(found *bool) func(pgconn.CommandTag) error {
	return func(tag pgconn.CommandTag) error {
		*found = tag.RowsAffected() > 0
		return nil
	}
}

// StartDraft implements [upload.DraftStore].
func (db *DB) StartDraft(ctx context.Context, u upload.Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error {
	return db.addUpload(ctx, u, list, true, ready)
}
