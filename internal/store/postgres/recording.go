package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/recording"
)

var _ recording.Store = (*DB)(nil)

// AppendRecording implements [recording.Store].
func (db *DB) AppendRecording(ctx context.Context, account account.ID, campaign, call addressbook.SID, piece int, sound []byte) error {
	return db.write(ctx, account, "store the sound of a call", func(t *tx) error {
		stored := false
		t.queue(`INSERT INTO recordings (account_id, campaign_sid, call_sid, piece, sound)
			SELECT account_id, campaign_sid, sid, $4, $5 FROM calls WHERE account_id = $1 AND campaign_sid = $2 AND sid = $3 AND state < 5 AND recording = 0
				AND ($4 = 0 OR EXISTS (SELECT FROM recordings WHERE account_id = $1 AND campaign_sid = $2 AND call_sid = $3 AND piece = $4 - 1))
			ON CONFLICT (account_id, campaign_sid, call_sid, piece) DO UPDATE SET sound = excluded.sound`,
			account, (*sidValue)(&campaign), (*sidValue)(&call), int32(piece), sound).Exec(func(tag pgconn.CommandTag) error {
			stored = tag.RowsAffected() == 1
			return nil
		})
		if err := t.flush(); err != nil {
			return err
		}
		if !stored {
			return recording.ErrOver
		}
		return nil
	})
}

// Recording implements [recording.Store].
func (db *DB) Recording(ctx context.Context, account account.ID, campaign, call addressbook.SID, piece int) (r recording.Recording, sound []byte, err error) {
	r = recording.Recording{Campaign: campaign, Call: call}
	err = db.row(ctx, purpose{account, false}, `SELECT recording, (SELECT sound FROM recordings WHERE account_id = $1 AND campaign_sid = $2 AND call_sid = $3 AND piece = $4)
		FROM calls WHERE account_id = $1 AND campaign_sid = $2 AND sid = $3 AND recording > 0`,
		[]any{account, (*sidValue)(&campaign), (*sidValue)(&call), int32(piece)}, []any{&r.Samples, &sound})
	if noRow(err) {
		return r, nil, recording.ErrNotThere
	}
	return r, sound, storeError("read a recording", err)
}

// DeleteRecording implements [recording.Store].
func (db *DB) DeleteRecording(ctx context.Context, account account.ID, campaign, call addressbook.SID, ready journal.Ready[*recording.Recording]) error {
	return db.writeOnce(ctx, account, "delete a recording", func(t *tx) error {
		r := recording.Recording{Campaign: campaign, Call: call}
		t.queue(`SELECT recording FROM calls WHERE account_id = $1 AND campaign_sid = $2 AND sid = $3 AND recording > 0 FOR UPDATE`,
			account, (*sidValue)(&campaign), (*sidValue)(&call)).QueryRow(func(row pgx.Row) error { return row.Scan(&r.Samples) })
		if err := t.flush(); noRow(err) {
			return recording.ErrNotThere
		} else if err != nil {
			return err
		}
		t.queueDeleteRecordings(account, &campaign, &call)
		t.keep(ready.Receipt(&r))
		return nil
	})
}

// DeleteRecordingsBefore implements [recording.Store].
func (db *DB) DeleteRecordingsBefore(ctx context.Context, before addressbook.SID, limit int) (int, error) {
	type recorded struct {
		account        account.ID
		campaign, call addressbook.SID
	}
	calls, err := collect(ctx, db, purpose{}, "look for recordings", func(row pgx.CollectableRow) (c recorded, err error) {
		return c, row.Scan(&c.account, (*sidValue)(&c.campaign), (*sidValue)(&c.call))
	}, `SELECT account_id, campaign_sid, call_sid FROM recordings WHERE piece = 0 AND call_sid < $1 ORDER BY call_sid LIMIT $2`, (*sidValue)(&before), limit)
	if err != nil || len(calls) == 0 {
		return 0, err
	}
	return len(calls), db.write(ctx, account.None, "delete recordings", func(t *tx) error {
		for i := range calls {
			t.queueDeleteRecordings(calls[i].account, &calls[i].campaign, &calls[i].call)
		}
		return nil
	})
}

// queueDeleteRecordings queues the deletion of what is recorded of a call.
func (t *tx) queueDeleteRecordings(account account.ID, campaign, call *addressbook.SID) {
	t.queue(`UPDATE calls SET recording = 0 WHERE account_id = $1 AND campaign_sid = $2 AND sid = $3 AND recording > 0`,
		account, (*sidValue)(campaign), (*sidValue)(call))
	t.queue(`DELETE FROM recordings WHERE account_id = $1 AND campaign_sid = $2 AND call_sid = $3`,
		account, (*sidValue)(campaign), (*sidValue)(call))
}
