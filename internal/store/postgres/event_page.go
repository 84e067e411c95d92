package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/budget"
	"callbook/internal/event"
)

const eventColumns = `id, position, kind, state, last, due, tries, status, trouble, date_since, date_tried, date_ended, date_created,
	call_sid, url, body`

// scanEvent reads a row of eventColumns.
func scanEvent(row pgx.Row, account account.ID, campaign addressbook.SID) (event.Delivery, error) {
	d := event.Delivery{Event: event.Event{Account: account, Campaign: campaign}}
	var call *sidValue
	err := row.Scan(&d.ID, &d.Position, &d.Kind, &d.State, &d.Last, &d.Due, &d.Tries, &d.Answer.Status, &d.Answer.Trouble,
		(*dateValue)(&d.Since), (*dateValue)(&d.Tried), (*dateValue)(&d.Ended), (*dateValue)(&d.Created), &call, &d.URL, &d.Body)
	if call != nil {
		d.Call = addressbook.SID(*call)
	}
	return d, err
}

// Deliveries implements [event.Store].
func (s eventStore) Deliveries(ctx context.Context, account account.ID, campaign addressbook.SID, q event.Query) (page event.Page, err error) {
	share := budget.Of(ctx)
	err = s.db.read(ctx, of(account), "read events", func(t *tx) error {
		t.queue(`SELECT waiting, delivered, given_up FROM event_totals WHERE account_id = $1 AND campaign_sid = $2`, account, (*sidValue)(&campaign)).
			QueryRow(func(row pgx.Row) error {
				if err := row.Scan(&page.Counts.Waiting, &page.Counts.Delivered, &page.Counts.GivenUp); !noRow(err) {
					return err
				}
				return nil
			})
		from, args := selectEvents(account, campaign, q)
		if q.Position != nil {
			t.queue(`SELECT count(*) FROM (`+from+`) AS e`, args[:3]...).QueryRow(func(row pgx.Row) error { return row.Scan(&page.Total) })
		}
		direction := ""
		if q.Desc {
			direction = " DESC"
		}
		t.queue(from+` ORDER BY id`+direction+` LIMIT $4 OFFSET $5`, args...).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				d, err := scanEvent(rows, account, campaign)
				if err == nil {
					err = share.Claim(d.Weight())
				}
				if err != nil {
					return err
				}
				page.Deliveries = append(page.Deliveries, d)
			}
			return rows.Err()
		})
		return t.flush()
	})
	if q.Position == nil {
		page.Total = page.Counts.Of(q.States)
	}
	return page, err
}

// selectEvents returns the query for a page of a campaign's events. The database merges
// one range of an index for each state. The last two parameters are the limit and the
// offset.
func selectEvents(account account.ID, campaign addressbook.SID, q event.Query) (query string, args []any) {
	const from = `SELECT ` + eventColumns + ` FROM events WHERE account_id = $1 AND campaign_sid = $2`
	if q.Position != nil {
		return from + ` AND position = $3`, []any{account, (*sidValue)(&campaign), *q.Position, q.Limit, q.Offset}
	}
	states := q.States
	if states == nil {
		states = event.States()
	}
	// States are written into the text, and not passed as parameters, so that all
	// variants have the same parameters.
	queries := map[event.State]string{
		event.Waiting: from + ` AND state = 1`, event.Delivered: from + ` AND state = 2`, event.GivenUp: from + ` AND state = 3`,
	}
	for i, s := range states {
		if i > 0 {
			query += ` UNION ALL `
		}
		query += queries[s] + ` AND $3::bigint IS NOT NULL`
	}
	return query, []any{account, (*sidValue)(&campaign), int64(0), q.Limit, q.Offset}
}

// askAgain makes events Waiting again. They must be locked.
const askAgain = `UPDATE events SET state = 1, due = $3, tries = 0, date_since = $4, date_ended = NULL WHERE account_id = $1 AND id = ANY ($2::bigint[])`

// SendAgain implements [event.Store].
func (s eventStore) SendAgain(ctx context.Context, account account.ID, campaign addressbook.SID, id int64, now time.Time) (d event.Delivery, err error) {
	err = s.db.write(ctx, account, "send an event again", func(t *tx) error {
		n, err := t.askAgain(campaign, now, `AND id = $3`, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return event.ErrNotFound
		}
		t.queue(`SELECT `+eventColumns+` FROM events WHERE account_id = $1 AND id = $2`, account, id).QueryRow(func(row pgx.Row) (err error) {
			d, err = scanEvent(row, account, campaign)
			return err
		})
		return nil
	})
	return d, err
}

// SendAllAgain implements [event.Store].
func (s eventStore) SendAllAgain(ctx context.Context, account account.ID, campaign addressbook.SID, now time.Time, limit int) (n int, err error) {
	err = s.db.write(ctx, account, "send events again", func(t *tx) (err error) {
		n, err = t.askAgain(campaign, now, `AND state = 3 ORDER BY id LIMIT $3`, int64(limit))
		audit.NoteOf(ctx).Count(n)
		return err
	})
	return n, err
}

// askAgain locks the events of the campaign that meet a condition, makes them Waiting
// again, and returns how many there are.
func (t *tx) askAgain(campaign addressbook.SID, now time.Time, condition string, param int64) (int, error) {
	var ids []int64
	var moves eventMoves
	t.queue(`SELECT id, state FROM events WHERE account_id = $1 AND campaign_sid = $2 `+condition+` FOR NO KEY UPDATE`,
		t.account, (*sidValue)(&campaign), param).
		Query(func(rows pgx.Rows) error {
			var id int64
			var state event.State
			_, err := pgx.ForEachRow(rows, []any{&id, &state}, func() error {
				ids = append(ids, id)
				moves.add(t.account, campaign, state, event.Waiting)
				return nil
			})
			return err
		})
	if err := t.flush(); err != nil {
		return 0, err
	}
	t.queue(askAgain, t.account, ids, int64(event.Asked), now.UnixNano())
	moves.queue(t)
	return len(ids), nil
}

// Purge implements [event.Store].
func (s eventStore) Purge(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	err = s.db.write(ctx, account.None, "purge events", func(t *tx) error {
		var moves eventMoves
		// The ids of an account's events rise, so its oldest events come first.
		t.queue(`WITH old AS MATERIALIZED (SELECT first.account_id, first.id FROM accounts CROSS JOIN LATERAL
				(SELECT account_id, id, state, date_created FROM events WHERE account_id = accounts.id ORDER BY id LIMIT $2) AS first
				WHERE first.date_created < $1 AND first.state <> 1 LIMIT $2)
			DELETE FROM events USING old WHERE events.account_id = old.account_id AND events.id = old.id AND events.state <> 1
			RETURNING events.account_id, events.campaign_sid, events.state`, before.UnixNano(), limit).
			Query(func(rows pgx.Rows) error {
				var of account.ID
				var campaign addressbook.SID
				var state event.State
				tag, err := pgx.ForEachRow(rows, []any{&of, (*sidValue)(&campaign), &state}, func() error {
					moves.add(of, campaign, state, 0)
					return nil
				})
				more = tag.RowsAffected() > 0
				return err
			})
		if err := t.flush(); err != nil {
			return err
		}
		moves.queue(t)
		return nil
	})
	return more, err
}

// CountWaiting implements [event.Store].
func (s eventStore) CountWaiting(ctx context.Context) (n int, err error) {
	err = s.db.read(ctx, purpose{}, "count events", func(t *tx) error {
		t.queue(`SELECT coalesce(sum(waiting), 0)::bigint FROM event_totals`).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
		return t.flush()
	})
	return n, err
}
