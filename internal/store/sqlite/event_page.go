package sqlite

import (
	"context"
	"errors"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/budget"
	"callbook/internal/event"
)

const eventColumns = `id, position, kind, state, last, due, tries, status, trouble, date_since, date_tried, date_ended, date_created,
	call_sid, url, body`

// scanEvent reads a row of eventColumns.
func scanEvent(stmt *sqlite.Stmt, account account.ID, campaign addressbook.SID) event.Delivery {
	d := event.Delivery{
		Event: event.Event{
			ID: stmt.ColumnInt64(0), Account: account, Campaign: campaign, Position: stmt.ColumnInt(1), Kind: event.Kind(stmt.ColumnInt(2)),
			Last: stmt.ColumnBool(4), URL: stmt.ColumnText(14), Body: make([]byte, stmt.ColumnLen(15)), Created: time.Unix(0, stmt.ColumnInt64(12)),
		},
		State: event.State(stmt.ColumnInt(3)), Due: event.Due(stmt.ColumnInt64(5)), Tries: stmt.ColumnInt(6),
		Answer: event.Answer{Status: stmt.ColumnInt(7), Trouble: event.Trouble(stmt.ColumnInt(8))},
		Since:  time.Unix(0, stmt.ColumnInt64(9)),
	}
	if !stmt.ColumnIsNull(10) {
		d.Tried = time.Unix(0, stmt.ColumnInt64(10))
	}
	if !stmt.ColumnIsNull(11) {
		d.Ended = time.Unix(0, stmt.ColumnInt64(11))
	}
	stmt.ColumnBytes(13, d.Call[:])
	stmt.ColumnBytes(15, d.Body)
	return d
}

// Deliveries implements [event.Store].
func (s eventStore) Deliveries(ctx context.Context, account account.ID, campaign addressbook.SID, q event.Query) (page event.Page, err error) {
	share := budget.Of(ctx)
	err = s.book.db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err) // reads the counts and the page from one snapshot
		if page.Counts, err = eventCounts(conn, account, campaign); err != nil {
			return err
		}
		from, args := selectEvents(account, campaign, q)
		page.Total = page.Counts.Of(q.States)
		if q.Position != nil {
			if page.Total, err = count(conn, from, args); err != nil {
				return err
			}
		}
		direction := ""
		if q.Desc {
			direction = " DESC"
		}
		var ids []int64
		err = sqlitex.Execute(conn, `SELECT id `+from+` ORDER BY id`+direction+` LIMIT ? OFFSET ?`, &sqlitex.ExecOptions{
			Args: append(args, q.Limit, q.Offset),
			ResultFunc: func(stmt *sqlite.Stmt) error {
				ids = append(ids, stmt.ColumnInt64(0))
				return nil
			},
		})
		for _, id := range ids {
			if err != nil {
				return err
			}
			err = queryOne(conn, `SELECT `+eventColumns+` FROM events WHERE id = ?`, []any{id}, func(stmt *sqlite.Stmt) error {
				d := scanEvent(stmt, account, campaign)
				page.Deliveries = append(page.Deliveries, d)
				return share.Claim(d.Weight())
			})
		}
		return err
	})
	return page, storeError("read events", err)
}

// selectEvents returns the SQL query for a campaign's events, from its FROM on. SQLite
// merges one range of an index for each state.
func selectEvents(account account.ID, campaign addressbook.SID, q event.Query) (from string, args []any) {
	if q.Position != nil {
		return `FROM events INDEXED BY events_by_target WHERE account_id = ? AND campaign_sid = ? AND position = ?`,
			[]any{account, campaign[:], *q.Position}
	}
	states := q.States
	if states == nil {
		states = event.States()
	}
	parts := make([]string, len(states))
	for i, s := range states {
		parts[i] = `FROM events INDEXED BY events_by_state WHERE account_id = ? AND campaign_sid = ? AND state = ?`
		args = append(args, account, campaign[:], int64(s))
	}
	return strings.Join(parts, ` UNION ALL SELECT id `), args
}

// eventCounts reads the event counters of a campaign.
func eventCounts(conn *sqlite.Conn, account account.ID, campaign addressbook.SID) (n event.Counts, err error) {
	err = queryOne(conn, `SELECT waiting, delivered, given_up FROM event_totals WHERE account_id = ? AND campaign_sid = ?`,
		[]any{account, campaign[:]}, func(stmt *sqlite.Stmt) error {
			n = event.Counts{Waiting: stmt.ColumnInt(0), Delivered: stmt.ColumnInt(1), GivenUp: stmt.ColumnInt(2)}
			return nil
		})
	if errors.Is(err, errNoRow) {
		err = nil
	}
	return n, err
}

// askAgain makes an event Waiting again.
const askAgain = `UPDATE events SET state = 1, due = ?, tries = 0, date_since = ?, date_ended = NULL WHERE id = ?`

// SendAgain implements [event.Store].
func (s eventStore) SendAgain(ctx context.Context, account account.ID, campaign addressbook.SID, id int64, now time.Time) (d event.Delivery, err error) {
	err = s.book.edit(ctx, account, 1, "send an event again", func(tx *editTx) error {
		refs, err := eventRefs(tx.Conn, `SELECT id, campaign_sid, position, state FROM events WHERE id = ? AND account_id = ? AND campaign_sid = ?`,
			id, account, campaign[:])
		if err != nil {
			return err
		}
		if len(refs) == 0 {
			return tx.refuse(event.ErrNotFound)
		}
		if err := tx.askAgain(account, refs, now); err != nil {
			return err
		}
		return queryOne(tx.Conn, `SELECT `+eventColumns+` FROM events WHERE id = ?`, []any{id}, func(stmt *sqlite.Stmt) error {
			d = scanEvent(stmt, account, campaign)
			return nil
		})
	})
	return d, err
}

// SendAllAgain implements [event.Store].
func (s eventStore) SendAllAgain(ctx context.Context, account account.ID, campaign addressbook.SID, now time.Time, limit int) (n int, err error) {
	err = s.book.edit(ctx, account, limit, "send events again", func(tx *editTx) error {
		refs, err := eventRefs(tx.Conn, `SELECT id, campaign_sid, position, state FROM events INDEXED BY events_by_state
			WHERE account_id = ? AND campaign_sid = ? AND state = 3 ORDER BY id LIMIT ?`, account, campaign[:], limit)
		if err != nil {
			return err
		}
		n = len(refs)
		audit.NoteOf(ctx).Count(n)
		return tx.askAgain(account, refs, now)
	})
	return n, err
}

// askAgain makes events Waiting again.
func (tx *editTx) askAgain(account account.ID, refs []eventRef, now time.Time) error {
	var moves eventMoves
	for _, ref := range refs {
		tx.bytes += eventBytes
		if err := tx.exec(askAgain, int64(event.Asked), now.UnixNano(), ref.id); err != nil {
			return err
		}
		moves.add(account, ref.campaign, ref.state, event.Waiting)
	}
	return moves.write(tx)
}

// Purge implements [event.Store].
func (s eventStore) Purge(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	err = s.book.edit(ctx, account.None, limit, "purge events", func(tx *editTx) error {
		var moves eventMoves
		deleted := 0
		// Ids rise, so the oldest events come first.
		err := sqlitex.Execute(tx.Conn, `DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT ?)
			AND date_created < ? AND state <> 1 RETURNING account_id, campaign_sid, state`, &sqlitex.ExecOptions{
			Args: []any{limit, before.UnixNano()},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				deleted++
				tx.bytes += eventBytes
				var campaign addressbook.SID
				stmt.ColumnBytes(1, campaign[:])
				moves.add(account.ID(stmt.ColumnInt64(0)), campaign, event.State(stmt.ColumnInt(2)), 0)
				return nil
			},
		})
		more = deleted > 0
		if err != nil {
			return err
		}
		return moves.write(tx)
	})
	return more, err
}

// CountWaiting implements [event.Store].
func (s eventStore) CountWaiting(ctx context.Context) (n int, err error) {
	err = s.book.db.read(ctx, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT coalesce(sum(waiting), 0) FROM event_totals`, nil, func(stmt *sqlite.Stmt) error {
			n = stmt.ColumnInt(0)
			return nil
		})
	})
	return n, storeError("count events", err)
}
