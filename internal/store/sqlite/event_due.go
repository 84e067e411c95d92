package sqlite

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/event"
)

// waitingReceivers finds the receivers with waiting events. It takes one step in an index
// for each.
const waitingReceivers = `WITH RECURSIVE waiting (account_id, receiver, step) AS (
		SELECT value ->> 0, (SELECT min(receiver) FROM events INDEXED BY events_due
			WHERE state = 1 AND account_id = value ->> 0 AND receiver > value ->> 1), 1 FROM json_each(?)
		UNION ALL SELECT account_id, (SELECT min(receiver) FROM events INDEXED BY events_due
			WHERE state = 1 AND events.account_id = waiting.account_id AND events.receiver > waiting.receiver), step + 1
		FROM waiting WHERE receiver IS NOT NULL AND step < ?)
	SELECT account_id, receiver, (SELECT min(due) FROM events INDEXED BY events_due
		WHERE state = 1 AND events.account_id = waiting.account_id AND events.receiver = waiting.receiver)
	FROM waiting WHERE receiver IS NOT NULL`

// Receivers implements [event.Store].
func (s eventStore) Receivers(ctx context.Context, after []event.Receiver, limit int) (receivers []event.DueReceiver, err error) {
	pairs := make([][2]any, len(after))
	for i, r := range after {
		pairs[i] = [2]any{r.Account, r.Origin}
	}
	text, err := json.Marshal(pairs)
	if err != nil {
		return nil, err
	}
	err = s.book.db.points.read(ctx, account.None, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, waitingReceivers, &sqlitex.ExecOptions{
			Args: []any{string(text), limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				r := event.Receiver{Account: account.ID(stmt.ColumnInt64(0)), Origin: stmt.ColumnText(1)}
				receivers = append(receivers, event.DueReceiver{Receiver: r, First: event.Due(stmt.ColumnInt64(2))})
				return nil
			},
		})
	})
	return receivers, storeError("read receivers", err)
}

// firstWaiting is the id of an event that must end before the event e, or NULL.
const firstWaiting = `CASE WHEN e.last THEN
		(SELECT o.id FROM events AS o INDEXED BY events_by_state
			WHERE o.account_id = e.account_id AND o.campaign_sid = e.campaign_sid AND o.state = 1 AND o.id <> e.id LIMIT 1)
	ELSE (SELECT max(o.id) FROM events AS o INDEXED BY events_by_target
		WHERE o.account_id = e.account_id AND o.campaign_sid = e.campaign_sid AND o.position = e.position AND o.state = 1 AND o.id < e.id) END`

// Due implements [event.Store].
func (s eventStore) Due(ctx context.Context, r event.Receiver, now time.Time, known []int64, limit int) (due []event.Pending, err error) {
	err = s.book.db.points.read(ctx, r.Account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err)
		var ids []int64
		err = sqlitex.Execute(conn, `SELECT id FROM events INDEXED BY events_due
			WHERE account_id = ? AND receiver = ? AND state = 1 AND due <= ? ORDER BY due, id LIMIT ?`, &sqlitex.ExecOptions{
			Args: []any{r.Account, r.Origin, now.UnixNano(), len(known) + limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				if id := stmt.ColumnInt64(0); len(ids) < limit && !slices.Contains(known, id) {
					ids = append(ids, id)
				}
				return nil
			},
		})
		if err != nil {
			return err
		}
		for _, id := range ids {
			p, err := readPending(conn, id)
			if err != nil {
				return err
			}
			due = append(due, p)
		}
		return nil
	})
	return due, storeError("read events", err)
}

// readPending reads an event, which must exist.
func readPending(conn *sqlite.Conn, id int64) (p event.Pending, err error) {
	err = queryOne(conn, `SELECT campaign_sid, position, url, body, date_since, tries, `+firstWaiting+`, last FROM events AS e WHERE id = ?`,
		[]any{id}, func(stmt *sqlite.Stmt) error {
			p = event.Pending{
				ID: id, Position: stmt.ColumnInt(1), URL: stmt.ColumnText(2), Body: make([]byte, stmt.ColumnLen(3)),
				Since: time.Unix(0, stmt.ColumnInt64(4)), Tries: stmt.ColumnInt(5), After: stmt.ColumnInt64(6), Last: stmt.ColumnBool(7),
			}
			stmt.ColumnBytes(0, p.Campaign[:])
			stmt.ColumnBytes(3, p.Body)
			return nil
		})
	return p, err
}
