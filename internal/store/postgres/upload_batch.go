package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/suppression"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
	"callbook/internal/work"
)

// Contended implements [upload.Store]. Accounts' transactions run side by side.
func (*DB) Contended(account.ID) bool { return false }

// ApplyBatch implements [upload.Store].
func (db *DB) ApplyBatch(ctx context.Context, batch *upload.Batch) (upload.State, error) {
	var state upload.State
	err := db.write(ctx, batch.Account, "import a batch", func(t *tx) (err error) {
		state, err = t.applyBatch(batch)
		return err
	})
	return state, err
}

func (t *tx) applyBatch(batch *upload.Batch) (upload.State, error) {
	if batch.Suppresses {
		return t.suppress(batch)
	}
	e := newEnlistment(batch)
	t.queueLook(e)
	u, there, err := t.lockUpload(batch.Upload)
	if err != nil {
		return 0, err
	}
	if state, err := mayApply(batch, &u, there); err != nil || state != upload.Running {
		return state, err
	}
	if e.list == nil && !u.NewList {
		t.endUpload(batch.Upload, upload.ListGone, batch.Time)
		return upload.ListGone, nil
	}
	if err := t.lookAtMembers(e); err != nil {
		return 0, err
	}
	outcomes := e.decide()
	if !batch.DryRun {
		if err := t.enlist(e, outcomes); err != nil {
			return 0, err
		}
	}
	if batch.Last {
		u.State = upload.Completed
	}
	t.settle(u.State, batch, batch.Settle(&u, outcomes))
	return u.State, nil
}

// mayApply returns the state of an upload, and an error if the batch is not its next one.
func mayApply(batch *upload.Batch, u *upload.Upload, there bool) (upload.State, error) {
	switch {
	case !there:
		return 0, fmt.Errorf("upload %s is not there", batch.Upload)
	case u.State != upload.Running:
		return u.State, nil
	case u.Lease.Server != batch.Lease.Server:
		return 0, work.ErrLost
	case u.Position != batch.From:
		return 0, fmt.Errorf("upload %s is at %v, and the batch begins at %v", batch.Upload, u.Position, batch.From)
	}
	return upload.Running, nil
}

// suppress applies a batch of suppressions.
func (t *tx) suppress(batch *upload.Batch) (upload.State, error) {
	u, there, err := t.lockUpload(batch.Upload)
	if err != nil {
		return 0, err
	}
	if state, err := mayApply(batch, &u, there); err != nil || state != upload.Running {
		return state, err
	}
	all := batch.Suppressions
	at := make([]int, len(all))
	for i := range at {
		at[i] = i
	}
	slices.SortFunc(at, func(a, b int) int { return cmp.Compare(all[a].Number, all[b].Number) })
	added := make(map[phone.Number]bool, len(all))
	t.insertSuppressions(all, at, func(s *suppression.Suppression) { added[s.Number] = true })
	if err := t.flush(); err != nil {
		return 0, err
	}
	outcomes := make([]upload.Outcome, len(all))
	for i := range all {
		if !added[all[i].Number] {
			outcomes[i] = upload.Member
		}
	}
	if batch.Last {
		u.State = upload.Completed
	}
	t.settle(u.State, batch, batch.Settle(&u, outcomes))
	return u.State, nil
}

// settle queues statements that store the results of a batch's rows, and where the next
// batch begins.
func (t *tx) settle(state upload.State, batch *upload.Batch, s upload.Settlement) {
	t.insertErrors(batch.Upload, s.Rows)
	t.queue(`UPDATE uploads SET state = $3, position = $4, line = $5, success = success + $6, duplicate = duplicate + $7,
			failed = failed + $8, new_contacts = new_contacts + $9, lease_until = $10, date_updated = $11,
			error_bytes = error_bytes + $12, errors_omitted = errors_omitted + $13, tally = $14
		WHERE account_id = $1 AND sid = $2`,
		t.account, (*sidValue)(&batch.Upload), int16(state), batch.To.Offset, batch.To.Line, s.Stats.Success,
		s.Stats.Duplicate, s.Stats.Failed, s.New, batch.Lease.End(), batch.Time.UnixNano(), s.Errors.Bytes, s.Errors.Omitted, s.Tally.Encode())
}

// insertErrors queues the insertion of an upload's error rows.
func (t *tx) insertErrors(upload addressbook.SID, rows []upload.ErrorRow) {
	if len(rows) == 0 {
		return
	}
	lines, kinds := make([]int64, len(rows)), make([]int16, len(rows))
	reasons, records := make([]string, len(rows)), make([][]byte, len(rows))
	for i := range rows {
		lines[i], kinds[i] = rows[i].Line, int16(rows[i].Code())
		reasons[i], records[i] = rows[i].Reason, rows[i].Record
	}
	t.queue(`INSERT INTO upload_errors (account_id, upload_sid, line, kind, reason, record)
		SELECT $1, $2, new.* FROM unnest($3::bigint[], $4::smallint[], $5::text[], $6::bytea[]) AS new`,
		t.account, (*sidValue)(&upload), lines, kinds, reasons, records)
}

// RestartUpload implements [upload.Store].
func (db *DB) RestartUpload(ctx context.Context, account account.ID, sid addressbook.SID, to table.Position, l work.Lease, at time.Time) (upload.State, error) {
	var state upload.State
	err := db.write(ctx, account, "restart upload", func(t *tx) error {
		u, there, err := t.lockUpload(sid)
		if err != nil {
			return err
		}
		if !there {
			return upload.ErrNoUpload
		}
		if state = u.State; state != upload.Running {
			return nil
		}
		if u.Lease.Server != l.Server {
			return work.ErrLost
		}
		t.queue(`DELETE FROM upload_errors WHERE account_id = $1 AND upload_sid = $2`, account, (*sidValue)(&sid))
		t.queue(`UPDATE uploads SET position = $3, line = $4, success = 0, duplicate = 0, failed = 0, new_contacts = 0,
			error_bytes = 0, errors_omitted = 0, tally = '', lease_until = $5, date_updated = $6 WHERE account_id = $1 AND sid = $2`,
			account, (*sidValue)(&sid), to.Offset, to.Line, l.End(), at.UnixNano())
		return nil
	})
	return state, err
}
