package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/event"
)

// waitingReceivers finds the receivers with waiting events. It takes one step in an index
// for each.
const waitingReceivers = `WITH RECURSIVE waiting (account_id, receiver, due, step) AS (
		SELECT first.account_id, first.receiver, first.due, 1 FROM unnest($1::bigint[], $2::text[]) AS these (account_id, origin)
			CROSS JOIN LATERAL (SELECT e.account_id, e.receiver, e.due FROM events AS e
				WHERE e.state = 1 AND e.account_id = these.account_id AND e.receiver > these.origin ORDER BY e.receiver, e.due LIMIT 1) AS first
		UNION ALL SELECT next.account_id, next.receiver, next.due, waiting.step + 1 FROM waiting
			CROSS JOIN LATERAL (SELECT e.account_id, e.receiver, e.due FROM events AS e
				WHERE e.state = 1 AND e.account_id = waiting.account_id AND e.receiver > waiting.receiver ORDER BY e.receiver, e.due LIMIT 1) AS next
			WHERE waiting.step < $3)
	SELECT account_id, receiver, due FROM waiting`

// Receivers implements [event.Store].
func (s eventStore) Receivers(ctx context.Context, after []event.Receiver, limit int) ([]event.DueReceiver, error) {
	accounts, origins := make([]int64, len(after)), make([]string, len(after))
	for i, r := range after {
		accounts[i], origins[i] = int64(r.Account), r.Origin
	}
	return collect(ctx, s.db, purpose{}, "read receivers", func(row pgx.CollectableRow) (r event.DueReceiver, err error) {
		return r, row.Scan(&r.Account, &r.Origin, &r.First)
	}, waitingReceivers, accounts, origins, limit)
}

// firstWaiting is the id of an event that must end before the event e, or NULL. The
// addition keeps the planner from looking for the greatest id among all events of the
// account.
const firstWaiting = `CASE WHEN e.last THEN
		(SELECT o.id FROM events AS o
			WHERE o.account_id = e.account_id AND o.campaign_sid = e.campaign_sid AND o.state = 1 AND o.id <> e.id LIMIT 1)
	ELSE (SELECT max(o.id + 0) FROM events AS o
		WHERE o.account_id = e.account_id AND o.campaign_sid = e.campaign_sid AND o.position = e.position AND o.state = 1 AND o.id < e.id) END`

// Due implements [event.Store].
func (s eventStore) Due(ctx context.Context, r event.Receiver, now time.Time, known []int64, limit int) ([]event.Pending, error) {
	if known == nil {
		known = []int64{} // NULL would match nothing
	}
	return collect(ctx, s.db, of(r.Account), "read events", func(row pgx.CollectableRow) (p event.Pending, err error) {
		var after *int64
		err = row.Scan(&p.ID, (*sidValue)(&p.Campaign), &p.Position, &p.URL, &p.Body, (*dateValue)(&p.Since), &p.Tries, &after, &p.Last)
		if after != nil {
			p.After = *after
		}
		return p, err
	}, `SELECT id, campaign_sid, position, url, body, date_since, tries, `+firstWaiting+`, last FROM
			(SELECT * FROM events WHERE account_id = $1 AND receiver = $2 AND state = 1 AND due <= $3 AND id <> ALL ($4::bigint[])
			ORDER BY due, id LIMIT $5) AS e ORDER BY due, id`,
		r.Account, r.Origin, now.UnixNano(), known, limit)
}
