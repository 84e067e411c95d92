package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/upload"
)

// DeleteUploads implements [upload.Store].
func (b *AddressBook) DeleteUploads(ctx context.Context, before time.Time, rows int) (upload.Deleted, error) {
	var d upload.Deleted
	err := b.edit(ctx, 0, rows, "delete old uploads", func(tx *editTx) error {
		d = upload.Deleted{}
		return tx.deleteUploads(&d, rows, ` WHERE state <> 0 AND undoing = 0 AND date_updated < ? ORDER BY date_updated, id LIMIT 1`, before.UnixNano())
	})
	return d, err
}

// TrimUploads implements [upload.Store].
func (b *AddressBook) TrimUploads(ctx context.Context, account account.ID, l upload.Limits, rows int) (upload.Deleted, error) {
	var d upload.Deleted
	err := b.edit(ctx, account, rows, "delete uploads over the limits", func(tx *editTx) error {
		d = upload.Deleted{}
		err := tx.deleteUploads(&d, rows, ` WHERE account_id = ? AND state <> 0 AND undoing = 0 ORDER BY sid DESC LIMIT 1 OFFSET ?`, account, l.Uploads)
		for err == nil && d.Rows < rows {
			var id int64
			err = queryOne(tx.Conn, `SELECT id FROM (
					SELECT id, sid, state, error_bytes, sum(error_bytes) OVER (ORDER BY sid DESC) AS newer FROM uploads WHERE account_id = ?)
				WHERE newer > ? AND error_bytes > 0 AND state <> 0 ORDER BY sid LIMIT 1`, []any{account, l.ErrorBytes},
				func(stmt *sqlite.Stmt) error {
					id = stmt.ColumnInt64(0)
					return nil
				})
			if err == nil {
				err = tx.deleteErrors(&d, id, rows-d.Rows)
			}
		}
		if errors.Is(err, errNoRow) {
			return nil
		}
		return err
	})
	return d, err
}

// deleteUploads deletes one upload after the other, each the first that meets a
// condition.
func (tx *editTx) deleteUploads(d *upload.Deleted, rows int, condition string, args ...any) error {
	for d.Rows < rows {
		var id int64
		var u upload.Upload
		err := queryOne(tx.Conn, `SELECT id, account_id, sid FROM uploads`+condition, args, func(stmt *sqlite.Stmt) error {
			id, u.Account.ID = stmt.ColumnInt64(0), account.ID(stmt.ColumnInt64(1))
			stmt.ColumnBytes(2, u.SID[:])
			return nil
		})
		if errors.Is(err, errNoRow) {
			return nil
		}
		if err == nil {
			err = tx.deleteErrors(d, id, rows-d.Rows)
		}
		if err != nil || d.Rows == rows {
			return err // the next call deletes the rest
		}
		if err := tx.exec(`DELETE FROM uploads WHERE id = ?`, id); err != nil {
			return err
		}
		tx.bytes += pageBytes
		d.Rows++
		d.Uploads = append(d.Uploads, u)
	}
	return nil
}

// deleteErrors deletes up to limit of the last error rows of an upload, and counts them
// as omitted.
func (tx *editTx) deleteErrors(d *upload.Deleted, upload int64, limit int) error {
	var rows, bytes int64
	err := sqlitex.Execute(tx.Conn, `DELETE FROM upload_errors WHERE upload_id = ? AND line IN (
			SELECT line FROM upload_errors WHERE upload_id = ? ORDER BY line DESC LIMIT ?)
		RETURNING octet_length(reason) + octet_length(record)`, &sqlitex.ExecOptions{
		Args: []any{upload, upload, limit},
		ResultFunc: func(stmt *sqlite.Stmt) error {
			rows++
			bytes += stmt.ColumnInt64(0)
			return nil
		},
	})
	if err != nil {
		return fmt.Errorf("delete error rows: %w", err)
	}
	d.Rows += int(rows)
	tx.bytes += int(bytes) + pageBytes*(1+int(rows)/rowsOfPage)
	return tx.exec(`UPDATE uploads SET errors_omitted = errors_omitted + ?, error_bytes = iif(?, 0, max(0, error_bytes - ?)) WHERE id = ?`,
		rows, rows < int64(limit), bytes, upload)
}
