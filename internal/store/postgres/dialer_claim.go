package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/work"
)

// Claim implements [dialer.Store].
func (db *DB) Claim(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, q dialer.ClaimQuery, rule dialer.ClaimRule) (dials []dialer.Dial, err error) {
	err = db.dialFor(ctx, l, account, sid, "claim calls", func(t *tx, row *campaignRow) error {
		c := claiming{tx: t, row: row, q: q, rule: rule}
		err := c.run()
		dials = c.dials
		return err
	})
	if err != nil {
		return nil, err
	}
	return dials, nil
}

// claiming is the state of one call of Claim.
type claiming struct {
	*tx
	row  *campaignRow
	q    dialer.ClaimQuery
	rule dialer.ClaimRule

	dials  []dialer.Dial
	moved  []*targetRow
	events []event.Event
	today  map[phone.Number]int // calls by number that this Claim has claimed
}

// dueTarget is a target that is due, and what is known of its number.
type dueTarget struct {
	targetRow
	dialer.Callee
}

// leastTurn is how many targets a round trip reads at least. The rule may refuse some.
const leastTurn = 50

func (c *claiming) run() error {
	if c.row.State != campaign.InProgress {
		return nil
	}
	c.today = make(map[phone.Number]int)
	for scanned, last := 0, (campaign.Target{Position: -1}); scanned < c.q.Scan && len(c.dials) < c.q.Limit; {
		limit := min(c.q.Scan-scanned, max(leastTurn, c.q.Limit-len(c.dials)))
		turn, err := c.turn(last, limit)
		if err != nil {
			return err
		}
		if len(turn) > 0 {
			last = turn[len(turn)-1].Target
		}
		scanned += len(turn)
		for i := 0; i < len(turn) && len(c.dials) < c.q.Limit; i++ {
			c.decide(turn[i])
		}
		if len(turn) < limit {
			break
		}
	}
	calls := make([]*campaign.Call, len(c.dials))
	for i := range c.dials {
		calls[i] = &c.dials[i].Call
	}
	c.updateTargets(c.moved)
	c.insertCalls(calls)
	c.insertEvents(c.events)
	return nil
}

// decide calls the rule for a target and notes what has changed.
func (c *claiming) decide(t *dueTarget) {
	t.CallsToday += c.today[t.Number]
	t.Called = t.Called || c.unique() && len(t.History) == 0 && c.today[t.Number] > 0
	call, events := c.rule(&c.row.Campaign, &t.Target, t.Callee)
	c.moved, c.events = append(c.moved, &t.targetRow), append(c.events, events...)
	if call != nil {
		c.dials = append(c.dials, dialer.Dial{Call: *call, Target: t.Target})
		c.today[t.Number]++
	}
}

// unique reports whether the campaign may call a number as one target only. Its own numbers
// have no repetitions, so they need no look.
func (c *claiming) unique() bool { return len(c.row.Lists) > 0 && !c.row.Duplicates }

// turn reads up to limit due targets, ordered by Due and position, from behind after.
func (c *claiming) turn(after campaign.Target, limit int) (turn []*dueTarget, err error) {
	from := int64(0)
	if !after.Due.IsZero() {
		from = after.Due.UnixNano()
	}
	c.queue(`SELECT `+targetColumns+`,
			EXISTS (SELECT FROM suppressions WHERE suppressions.account_id = $1 AND suppressions.number IN (targets.number, `+markOf("targets.number")+`)),
			contact_sid IS NOT NULL AND NOT EXISTS (SELECT FROM contacts WHERE contacts.account_id = $1 AND contacts.sid = targets.contact_sid),
			$7 AND history = '' AND coalesce((SELECT true FROM calls WHERE calls.account_id = $1 AND calls.number = targets.number AND calls.campaign_sid = $2 LIMIT 1), false)
		FROM (SELECT * FROM targets WHERE account_id = $1 AND campaign_sid = $2 AND state = 1 AND due <= $3 AND (due, position) > ($4, $5)
			ORDER BY due, position LIMIT $6) AS targets`,
		c.account, (*sidValue)(&c.row.SID), c.q.Now.UnixNano(), from, after.Position, limit, c.unique()).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			t := new(dueTarget)
			var err error
			if t.targetRow, err = scanTarget(rows, &t.Suppressed, &t.Gone, &t.Called); err != nil {
				return err
			}
			turn = append(turn, t)
		}
		return rows.Err()
	})
	if err := c.flush(); err != nil {
		return nil, err
	}
	if c.q.DayOf != nil && len(turn) > 0 {
		err = c.countToday(turn)
	}
	return turn, err
}

// countToday counts the calls to the number of each target, within the day of its callee.
func (c *claiming) countToday(turn []*dueTarget) error {
	numbers := make(numberColumn, len(turn))
	from, until := make([]addressbook.SID, len(turn)), make([]addressbook.SID, len(turn))
	for i, t := range turn {
		begin, end := c.q.DayOf(t.Number)
		numbers[i], from[i], until[i] = (*numberValue)(&t.Number), addressbook.FirstSID(begin), addressbook.FirstSID(end)
	}
	i := 0
	c.queue(`SELECT (SELECT count(*) FROM calls WHERE calls.account_id = $1 AND calls.number = day.number AND sid >= day.begins AND sid < day.ends AND outcome <> $5)
		FROM unnest($2::bigint[], $3::uuid[], $4::uuid[]) AS day (number, begins, ends)`, c.account, numbers, sids(from), sids(until), int16(campaign.TrunkFailed)).
		Query(func(rows pgx.Rows) error {
			var n int
			_, err := pgx.ForEachRow(rows, []any{&n}, func() error {
				turn[i].CallsToday = n
				i++
				return nil
			})
			return err
		})
	return c.flush()
}
