package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
	"callbook/internal/work"
)

// Contended implements [upload.Store].
func (b *AddressBook) Contended(account account.ID) bool { return b.writer.queue.contended(account) }

// ApplyBatch implements [upload.Store].
func (b *AddressBook) ApplyBatch(ctx context.Context, batch *upload.Batch) (upload.State, error) {
	var state upload.State
	err := b.edit(ctx, batch.Account, len(batch.Contacts), "import a batch", func(tx *editTx) (err error) {
		state, err = tx.applyBatch(batch)
		return err
	})
	return state, err
}

func (tx *editTx) applyBatch(batch *upload.Batch) (upload.State, error) {
	id, u, err := readUpload(tx.Conn, batch.Account, batch.Upload)
	if errors.Is(err, errNoRow) {
		return 0, fmt.Errorf("upload %s is not there", batch.Upload)
	}
	if err != nil || u.State != upload.Running {
		return u.State, err
	}
	if u.Lease.Server != batch.Lease.Server {
		return 0, tx.refuse(work.ErrLost)
	}
	if u.Position != batch.From {
		return 0, fmt.Errorf("upload %s is at %v, and the batch begins at %v", batch.Upload, u.Position, batch.From)
	}
	if u.Suppresses {
		outcomes, err := tx.suppress(batch)
		if err != nil {
			return 0, err
		}
		if batch.Last {
			u.State = upload.Completed
		}
		return u.State, tx.settle(id, u.State, batch, batch.Settle(&u, outcomes))
	}
	var list int64 // zero in a dry run for a new list
	var l addressbook.List
	if !u.NewList {
		list, l, err = readList(tx.Conn, batch.Account, batch.List)
	}
	if errors.Is(err, errNoRow) {
		return upload.ListGone, tx.endUpload(id, upload.ListGone, batch.Time)
	}
	if err != nil {
		return 0, err
	}
	outcomes, err := tx.enlist(batch, list, l.ContactCount)
	if err != nil {
		return 0, err
	}
	if batch.Last {
		u.State = upload.Completed
	}
	return u.State, tx.settle(id, u.State, batch, batch.Settle(&u, outcomes))
}

// settle stores the results of a batch's rows, and where the next batch begins.
func (tx *editTx) settle(upload int64, state upload.State, batch *upload.Batch, s upload.Settlement) error {
	if err := tx.insertErrors(upload, s.Rows); err != nil {
		return fmt.Errorf("insert error rows: %w", err)
	}
	tx.bytes += pageBytes // part of a page
	return tx.exec(`UPDATE uploads SET state = ?, position = ?, line = ?, success = success + ?, duplicate = duplicate + ?,
			failed = failed + ?, new_contacts = new_contacts + ?, error_bytes = error_bytes + ?, errors_omitted = errors_omitted + ?,
			tally = ?, lease_until = ?, date_updated = ? WHERE id = ?`,
		int(state), batch.To.Offset, batch.To.Line, s.Stats.Success, s.Stats.Duplicate,
		s.Stats.Failed, s.New, s.Errors.Bytes, s.Errors.Omitted, s.Tally.Encode(), batch.Lease.End(), batch.Time.UnixNano(), upload)
}

// RestartUpload implements [upload.Store].
func (b *AddressBook) RestartUpload(ctx context.Context, account account.ID, sid addressbook.SID, to table.Position, l work.Lease, at time.Time) (upload.State, error) {
	var state upload.State
	err := b.edit(ctx, account, 1, "restart upload", func(tx *editTx) error {
		id, u, err := readUpload(tx.Conn, account, sid)
		if errors.Is(err, errNoRow) {
			return tx.refuse(upload.ErrNoUpload)
		}
		state = u.State
		if err != nil || state != upload.Running {
			return err
		}
		if u.Lease.Server != l.Server {
			return tx.refuse(work.ErrLost)
		}
		if err := tx.exec(`DELETE FROM upload_errors WHERE upload_id = ?`, id); err != nil {
			return fmt.Errorf("delete error rows: %w", err)
		}
		tx.bytes += pageBytes * (1 + tx.Changes()/rowsOfPage)
		return tx.exec(`UPDATE uploads SET position = ?, line = ?, success = 0, duplicate = 0, failed = 0, new_contacts = 0,
			error_bytes = 0, errors_omitted = 0, tally = '', lease_until = ?, date_updated = ? WHERE id = ?`, to.Offset, to.Line, l.End(), at.UnixNano(), id)
	})
	return state, err
}

// rowsOfPage estimates how many error rows fit into a page.
const rowsOfPage = 40

func (tx *editTx) insertErrors(upload int64, rows []upload.ErrorRow) error {
	return insertErrors.run(tx.Conn, len(rows), func(stmt *sqlite.Stmt, param, i int) {
		row := &rows[i]
		tx.bytes += len(row.Reason) + len(row.Record) + 16
		stmt.BindInt64(param, upload)
		stmt.BindInt64(param+1, row.Line)
		stmt.BindInt64(param+2, int64(row.Code()))
		stmt.BindText(param+3, row.Reason)
		stmt.BindBytes(param+4, row.Record)
	})
}

var insertErrors = newBulkInsert(`upload_errors (upload_id, line, kind, reason, record)`, 5)
