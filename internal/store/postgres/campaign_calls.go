package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
)

// Calls implements [campaign.Store].
func (db *DB) Calls(ctx context.Context, account account.ID, sid addressbook.SID, q campaign.CallQuery) (page campaign.CallPage, err error) {
	filtered := q.Outcomes != nil || q.States != nil
	err = db.readOf(ctx, purpose{account, filtered}, sid, "list calls", func(t *tx, row *campaignRow) error {
		s := newSelection("calls", account)
		s.where += ` AND calls.campaign_sid = ` + s.arg((*sidValue)(&sid))
		if filtered {
			s.where += ` AND (calls.state = 5 AND calls.outcome = ANY(` + s.arg(smallints(q.Outcomes)) + `)
				OR calls.state < 5 AND calls.state = ANY(` + s.arg(smallints(q.States)) + `))`
			if q.Outcomes == nil {
				s.from = `(SELECT * FROM calls WHERE account_id = $1 AND state < 5 OFFSET 0) AS calls` // by their index
			}
		}
		if q.Position != nil {
			// The target has its calls.
			s.where += ` AND calls.sid = ANY(ARRAY(SELECT encode(substring(history FROM 1 + 17 * n FOR 16), 'hex')::uuid
				FROM targets, generate_series(0, octet_length(history) / 17 - 1) AS n
				WHERE targets.account_id = $1 AND targets.campaign_sid = $2 AND targets.position = ` + s.arg(*q.Position) + `))`
		}
		t.queueCallTotal(s, row, q, &page.Total)
		t.queueCalls(s, row, q, &page)
		return nil
	})
	if err != nil {
		return campaign.CallPage{}, err
	}
	return page, nil
}

// queueCallTotal asks how many calls pass a query, unless the campaign's counts tell.
func (t *tx) queueCallTotal(s *selection, row *campaignRow, q campaign.CallQuery, total *int) {
	switch {
	case q.NoTotal:
		return
	case q.Position != nil:
	case q.Outcomes == nil && q.States == nil:
		*total = row.Counts.Calls
		return
	case q.States == nil:
		var known bool
		if *total, known = row.Counts.Ends(q.Outcomes); known {
			return
		}
	}
	s.queueCount(t, total)
}

// queueCalls reads a page of calls and their targets.
func (t *tx) queueCalls(s *selection, row *campaignRow, q campaign.CallQuery, page *campaign.CallPage) {
	direction, beyond := "", " > "
	if q.Desc {
		direction, beyond = " DESC", " < "
	}
	where := s.where
	args := &selection{args: slices.Clone(s.args)} // those of the count are others
	if q.After != (addressbook.SID{}) {
		where += ` AND calls.sid` + beyond + args.arg((*sidValue)(&q.After))
	}
	share := budget.Of(t.ctx)
	t.queue(`SELECT `+targetColumns+`, `+callColumns+` FROM
			(SELECT * FROM `+s.from+` WHERE `+where+` ORDER BY calls.sid`+direction+` LIMIT `+args.arg(q.Limit)+` OFFSET `+args.arg(q.Offset)+`) AS calls
		CROSS JOIN LATERAL (SELECT * FROM targets WHERE targets.account_id = $1 AND targets.campaign_sid = $2 AND targets.position = calls.position OFFSET 0) AS targets
		ORDER BY calls.sid`+direction, args.args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var c campaign.Call
			r, err := scanTarget(rows, intoCall(&c)...)
			if err == nil {
				err = share.Claim(c.Weight() + r.Weight())
			}
			if err != nil {
				return err
			}
			r.State = row.Result(&r.Target)
			page.Calls, page.Targets = append(page.Calls, c), append(page.Targets, r.Target)
		}
		return rows.Err()
	})
}

// Targets implements [campaign.Store].
func (db *DB) Targets(ctx context.Context, account account.ID, sid addressbook.SID, q campaign.TargetQuery) (page campaign.TargetPage, err error) {
	filtered := q.States != nil || q.Again != nil
	err = db.readOf(ctx, purpose{account, filtered}, sid, "list targets", func(t *tx, row *campaignRow) error {
		s := newSelection("targets", account)
		s.where += ` AND targets.campaign_sid = ` + s.arg((*sidValue)(&sid))
		if q.States != nil {
			s.inStates(row, q.States)
		}
		if q.Again != nil {
			s.and(`(octet_length(targets.history) > CASE WHEN targets.state = 2 THEN 17 ELSE 0 END) = %s`, *q.Again)
		}
		if !q.NoTotal {
			var known bool
			if page.Total, known = row.Counts.Of(q.States, q.Again); !known {
				s.queueCount(t, &page.Total)
			}
		}
		after, offset := q.After, q.Offset
		if !filtered {
			after, offset = max(after, -1)+offset, 0 // positions have no gaps
		}
		args := &selection{args: slices.Clone(s.args)} // those of the count are others
		t.queue(`SELECT `+targetColumns+` FROM targets WHERE `+s.where+` AND targets.position > `+args.arg(after)+
			` ORDER BY targets.position LIMIT `+args.arg(q.Limit)+` OFFSET `+args.arg(offset), args.args...).Query(t.eachTarget(func(r *targetRow) {
			r.State = row.Result(&r.Target)
			page.Targets = append(page.Targets, r.Target)
		}))
		return nil
	})
	if err != nil {
		return campaign.TargetPage{}, err
	}
	return page, nil
}

// eachTarget reads rows of targetColumns, and claims their memory.
func (t *tx) eachTarget(do func(*targetRow)) func(pgx.Rows) error {
	share := budget.Of(t.ctx)
	return func(rows pgx.Rows) error {
		for rows.Next() {
			r, err := scanTarget(rows)
			if err == nil {
				err = share.Claim(r.Weight())
			}
			if err != nil {
				return err
			}
			do(&r)
		}
		return rows.Err()
	}
}

// inStates lets only the targets of a campaign pass that are in one of these states, as
// [campaign.Campaign.Result] tells. The rows of a campaign that has ended may wait still.
func (s *selection) inStates(row *campaignRow, states []campaign.TargetState) {
	state := `targets.state`
	if row.State.Ended() && !row.Closed {
		state = `CASE WHEN targets.state <> 1 THEN targets.state WHEN targets.history = '' THEN 7::smallint ELSE 4::smallint END`
	}
	s.where += ` AND ` + state + ` = ANY(` + s.arg(smallints(states)) + `)`
}
