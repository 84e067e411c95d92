package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/event"
	"callbook/internal/work"
)

// Record implements [event.Store].
func (s eventStore) Record(ctx context.Context, l work.Lease, account account.ID, outcomes []event.Outcome) error {
	return s.db.write(ctx, account, "record deliveries", func(t *tx) error {
		if err := t.renewEvents(l); err != nil {
			return err
		}
		return t.recordEvents(outcomes)
	})
}

// renewEvents extends the account's lease of deliveries. It locks the lease until the end
// of the transaction, so the account has one such transaction at a time.
func (t *tx) renewEvents(l work.Lease) error {
	ours := false
	t.queue(`UPDATE event_leases SET lease_until = $1 WHERE account_id = $2 AND lease_server = $3 RETURNING true`, l.End(), t.account, l.Server).
		QueryRow(func(row pgx.Row) error {
			if err := row.Scan(&ours); !noRow(err) {
				return err
			}
			return nil
		})
	if err := t.flush(); err != nil {
		return err
	}
	if !ours {
		return work.ErrLost
	}
	return nil
}

// recordEvents stores outcomes of the account's events. It makes the events due that were
// Behind those that have ended.
func (t *tx) recordEvents(outcomes []event.Outcome) error {
	n := len(outcomes)
	ids, states, dues, ended, tried := make([]int64, n), make([]int16, n), make([]int64, n), make([]*int64, n), make([]bool, n)
	at, tries, statuses, troubles := make([]int64, n), make([]int32, n), make([]int32, n), make([]int16, n)
	var behind []int64
	for i := range outcomes {
		o := &outcomes[i]
		ids[i], states[i], dues[i], tried[i] = o.ID, int16(o.State), int64(o.Due), o.Tried
		at[i], tries[i], statuses[i], troubles[i] = o.At.UnixNano(), int32(o.Tries), int32(o.Answer.Status), int16(o.Answer.Trouble)
		switch {
		case o.State != event.Waiting:
			dues[i], ended[i] = int64(event.AtOnce), &at[i]
		case o.Due == event.Behind:
			dues[i], behind = int64(event.AtOnce), append(behind, o.ID)
		}
	}
	var campaigns []addressbook.SID
	var positions []int32
	var moves eventMoves
	t.queue(`UPDATE events AS e SET state = o.state, due = o.due, date_ended = o.ended,
			tries = CASE WHEN o.tried THEN o.tries ELSE e.tries END, date_tried = CASE WHEN o.tried THEN o.at ELSE e.date_tried END,
			status = CASE WHEN o.tried THEN o.status ELSE e.status END, trouble = CASE WHEN o.tried THEN o.trouble ELSE e.trouble END
		FROM unnest($2::bigint[], $3::smallint[], $4::bigint[], $5::bigint[], $6::boolean[], $7::bigint[], $8::integer[], $9::integer[], $10::smallint[])
			AS o (id, state, due, ended, tried, at, tries, status, trouble)
		WHERE e.account_id = $1 AND e.id = o.id AND e.state = 1 RETURNING e.campaign_sid, e.position, e.state`,
		t.account, ids, states, dues, ended, tried, at, tries, statuses, troubles).
		Query(func(rows pgx.Rows) error {
			var campaign addressbook.SID
			var position int32
			var state event.State
			_, err := pgx.ForEachRow(rows, []any{(*sidValue)(&campaign), &position, &state}, func() error {
				if state != event.Waiting {
					campaigns, positions = append(campaigns, campaign, campaign), append(positions, position, event.Whole)
					moves.add(t.account, campaign, event.Waiting, state)
				}
				return nil
			})
			return err
		})
	if err := t.flush(); err != nil {
		return err
	}
	if len(campaigns) > 0 {
		t.queue(`UPDATE events AS e SET due = $4
			FROM (SELECT DISTINCT campaign_sid, position FROM unnest($2::uuid[], $3::integer[]) AS t (campaign_sid, position)) AS ended
			WHERE e.account_id = $1 AND e.campaign_sid = ended.campaign_sid AND e.position = ended.position AND e.state = 1 AND e.due = $5`,
			t.account, sids(campaigns), positions, int64(event.AtOnce), int64(event.Behind))
	}
	if len(behind) > 0 {
		// This comes last, when the events that have ended are known.
		t.queue(`UPDATE events AS e SET due = $3 WHERE account_id = $1 AND id = ANY ($2::bigint[]) AND state = 1 AND `+firstWaiting+` IS NOT NULL`,
			t.account, behind, int64(event.Behind))
	}
	moves.queue(t)
	return nil
}

// Expire implements [event.Store].
func (s eventStore) Expire(ctx context.Context, l work.Lease, r event.Receiver, before, now time.Time, limit int) (more bool, err error) {
	const from = `SELECT id, date_since FROM events WHERE account_id = $1 AND receiver = $2 AND state = 1`
	err = s.db.write(ctx, r.Account, "give up events", func(t *tx) error {
		if err := t.renewEvents(l); err != nil {
			return err
		}
		var outcomes []event.Outcome
		// Every event that was tried is due later than all that were not, but may be as
		// old.
		t.queue(`SELECT id FROM (
				(`+from+` AND due <= 0 ORDER BY due, id LIMIT $5) UNION ALL
				(`+from+` AND due > 0 AND due <= $3 ORDER BY due, id LIMIT $5)) AS e
			WHERE date_since < $4 LIMIT $5`, r.Account, r.Origin, now.UnixNano(), before.UnixNano(), limit).
			Query(func(rows pgx.Rows) (err error) {
				outcomes, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (event.Outcome, error) {
					o := event.Outcome{State: event.GivenUp, At: now}
					return o, row.Scan(&o.ID)
				})
				return err
			})
		if err := t.flush(); err != nil {
			return err
		}
		more = len(outcomes) == limit
		return t.recordEvents(outcomes)
	})
	return more, err
}
