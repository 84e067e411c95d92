package sqlite

import (
	"context"
	"errors"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/recording"
)

var _ recording.Store = (*Campaigns)(nil)

// AppendRecording implements [recording.Store].
func (s *Campaigns) AppendRecording(ctx context.Context, account account.ID, campaign, call addressbook.SID, piece int, sound []byte) error {
	return s.book.edit(ctx, account, 1, "store the sound of a call", func(tx *editTx) error {
		tx.bytes += len(sound)
		err := tx.run(`INSERT INTO recordings (campaign_id, call_sid, piece, sound)
			SELECT campaign_id, calls.sid, ?4, ?5 FROM campaigns CROSS JOIN calls ON campaign_id = campaigns.id
			WHERE account_id = ?1 AND campaigns.sid = ?2 AND calls.sid = ?3 AND calls.state < 5 AND recording = 0 AND (?4 = 0 OR EXISTS
				(SELECT 1 FROM recordings AS r WHERE r.campaign_id = campaigns.id AND r.call_sid = ?3 AND r.piece = ?4 - 1))
			ON CONFLICT (campaign_id, call_sid, piece) DO UPDATE SET sound = excluded.sound`, func(stmt *sqlite.Stmt) {
			stmt.BindInt64(1, int64(account))
			stmt.BindBytes(2, campaign[:])
			stmt.BindBytes(3, call[:])
			stmt.BindInt64(4, int64(piece))
			stmt.BindBytes(5, sound)
		})
		if err == nil && tx.Changes() == 0 {
			return tx.refuse(recording.ErrOver)
		}
		return err
	})
}

// recordedCalls selects the calls of an account of which something is recorded.
const recordedCalls = ` FROM campaigns CROSS JOIN calls ON campaign_id = campaigns.id WHERE account_id = ?1 AND campaigns.sid = ?2 AND calls.sid = ?3 AND recording > 0`

// Recording implements [recording.Store].
func (s *Campaigns) Recording(ctx context.Context, account account.ID, campaign, call addressbook.SID, piece int) (r recording.Recording, sound []byte, err error) {
	r = recording.Recording{Campaign: campaign, Call: call}
	err = s.book.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT recording, (SELECT sound FROM recordings WHERE campaign_id = campaigns.id AND call_sid = ?3 AND piece = ?4)`+recordedCalls,
			[]any{account, campaign[:], call[:], piece}, func(stmt *sqlite.Stmt) error {
				r.Samples, sound = stmt.ColumnInt(0), columnBytes(stmt, 1)
				return nil
			})
	})
	if errors.Is(err, errNoRow) {
		return r, nil, recording.ErrNotThere
	}
	return r, sound, storeError("read a recording", err)
}

// DeleteRecording implements [recording.Store].
func (s *Campaigns) DeleteRecording(ctx context.Context, account account.ID, campaign, call addressbook.SID, ready journal.Ready[*recording.Recording]) error {
	return s.book.edit(ctx, account, 1, "delete a recording", func(tx *editTx) error {
		r := recording.Recording{Campaign: campaign, Call: call}
		var id int64
		err := queryOne(tx.Conn, `SELECT campaign_id, recording`+recordedCalls, []any{account, campaign[:], call[:]}, func(stmt *sqlite.Stmt) error {
			id, r.Samples = stmt.ColumnInt64(0), stmt.ColumnInt(1)
			return nil
		})
		if errors.Is(err, errNoRow) {
			return tx.refuse(recording.ErrNotThere)
		}
		if err == nil {
			err = tx.deleteRecordings([]recorded{{id, call}})
		}
		if err != nil {
			return err
		}
		return tx.keep(ready.Receipt(&r))
	})
}

// recorded is a call of which something is recorded.
type recorded struct {
	campaign int64
	call     addressbook.SID
}

// DeleteRecordingsBefore implements [recording.Store]. It looks for recordings first, so
// that mostly nothing is written.
func (s *Campaigns) DeleteRecordingsBefore(ctx context.Context, before addressbook.SID, limit int) (n int, err error) {
	find := func(conn *sqlite.Conn) (calls []recorded, err error) {
		err = sqlitex.Execute(conn, `SELECT campaign_id, call_sid FROM recordings INDEXED BY recordings_begun
			WHERE piece = 0 AND call_sid < ? ORDER BY call_sid LIMIT ?`, &sqlitex.ExecOptions{
			Args: []any{before[:], limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				calls = append(calls, recorded{stmt.ColumnInt64(0), columnSID(stmt, 1)})
				return nil
			},
		})
		return calls, err
	}
	var seen []recorded
	err = s.book.db.points.read(ctx, account.None, func(conn *sqlite.Conn) (err error) {
		seen, err = find(conn)
		return err
	})
	if err != nil || len(seen) == 0 {
		return 0, storeError("look for recordings", err)
	}
	err = s.book.edit(ctx, account.None, limit, "delete recordings", func(tx *editTx) error {
		calls, err := find(tx.Conn)
		if err != nil {
			return err
		}
		n = len(calls)
		return tx.deleteRecordings(calls)
	})
	return n, err
}

func (tx *editTx) deleteRecordings(calls []recorded) error {
	for _, c := range calls {
		for _, statement := range []string{
			`DELETE FROM recordings WHERE campaign_id = ? AND call_sid = ?`,
			`UPDATE calls SET recording = 0 WHERE campaign_id = ? AND sid = ? AND recording > 0`,
		} {
			if err := tx.exec(statement, c.campaign, c.call[:]); err != nil {
				return err
			}
			tx.bytes += pageBytes * tx.Changes()
		}
	}
	return nil
}
