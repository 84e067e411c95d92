package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/upload"
)

// DeleteUploads implements [upload.Store].
func (db *DB) DeleteUploads(ctx context.Context, before time.Time, rows int) (upload.Deleted, error) {
	var d upload.Deleted
	err := db.write(ctx, account.None, "delete old uploads", func(t *tx) error {
		d = upload.Deleted{}
		// The condition on state is that of an index.
		return t.deleteUploads(&d, rows, ` WHERE state <> 0 AND NOT undoing AND date_updated < $1 ORDER BY date_updated LIMIT 1`, before.UnixNano())
	})
	return d, err
}

// TrimUploads implements [upload.Store].
func (db *DB) TrimUploads(ctx context.Context, account account.ID, l upload.Limits, rows int) (upload.Deleted, error) {
	var d upload.Deleted
	err := db.write(ctx, account, "delete uploads over the limits", func(t *tx) error {
		d = upload.Deleted{}
		// FOR UPDATE would also lock the rows that OFFSET skips.
		err := t.deleteUploads(&d, rows, ` WHERE account_id = $1 AND sid = (
			SELECT sid FROM uploads WHERE account_id = $1 AND state <> 0 AND NOT undoing ORDER BY sid DESC LIMIT 1 OFFSET $2)`, account, l.Uploads)
		for err == nil && d.Rows < rows {
			var u upload.Upload
			var there bool
			u, there, err = t.lockFirst(` WHERE account_id = $1 AND sid = (SELECT sid FROM (
					SELECT sid, state, error_bytes, sum(error_bytes) OVER (ORDER BY sid DESC) AS newer FROM uploads WHERE account_id = $1) AS all_of_account
				WHERE newer > $2 AND error_bytes > 0 AND state <> 0 ORDER BY sid LIMIT 1)`, account, l.ErrorBytes)
			if err != nil || !there {
				return err
			}
			err = t.deleteErrors(&d, u, rows-d.Rows)
		}
		return err
	})
	return d, err
}

// lockFirst reads and locks the first upload that meets a condition. It skips uploads
// that other transactions have locked.
func (t *tx) lockFirst(condition string, args ...any) (u upload.Upload, there bool, err error) {
	t.queue(`SELECT account_id, sid FROM uploads`+condition+` FOR UPDATE SKIP LOCKED`, args...).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&u.Account.ID, (*sidValue)(&u.SID)}, func() error {
			there = true
			return nil
		})
		return err
	})
	err = t.flush()
	return u, there, err
}

// deleteUploads deletes one upload after the other, each the first that meets a
// condition.
func (t *tx) deleteUploads(d *upload.Deleted, rows int, condition string, args ...any) error {
	for d.Rows < rows {
		u, there, err := t.lockFirst(condition, args...)
		if err != nil || !there {
			return err
		}
		if err := t.deleteErrors(d, u, rows-d.Rows); err != nil || d.Rows == rows {
			return err // the next call deletes the rest
		}
		t.queue(`DELETE FROM uploads WHERE account_id = $1 AND sid = $2`, u.Account.ID, (*sidValue)(&u.SID))
		d.Rows++
		d.Uploads = append(d.Uploads, u)
	}
	return nil
}

// deleteErrors deletes up to limit of the last error rows of an upload, and counts them
// as omitted.
func (t *tx) deleteErrors(d *upload.Deleted, u upload.Upload, limit int) error {
	sid := (*sidValue)(&u.SID)
	var rows int
	var bytes int64
	t.queue(`WITH gone AS (
			DELETE FROM upload_errors WHERE account_id = $1 AND upload_sid = $2 AND line IN (
				SELECT line FROM upload_errors WHERE account_id = $1 AND upload_sid = $2 ORDER BY line DESC LIMIT $3)
			RETURNING octet_length(reason) + octet_length(record) AS bytes)
		SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM gone`, u.Account.ID, sid, limit).
		QueryRow(func(row pgx.Row) error { return row.Scan(&rows, &bytes) })
	if err := t.flush(); err != nil {
		return err
	}
	d.Rows += rows
	t.queue(`UPDATE uploads SET errors_omitted = errors_omitted + $3, error_bytes = CASE WHEN $4 THEN 0 ELSE greatest(0, error_bytes - $5) END
		WHERE account_id = $1 AND sid = $2`, u.Account.ID, sid, rows, rows < limit, bytes)
	return nil
}
