package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
)

// Calls implements [campaign.Store].
func (db *DB) Calls(ctx context.Context, account account.ID, sid addressbook.SID, q campaign.CallQuery) (page campaign.CallPage, err error) {
	err = db.readOf(ctx, purpose{account, q.Offset > 0}, sid, "list calls", func(t *tx, row *campaignRow) error {
		if !q.NoTotal {
			t.queueCallTotal(row, q, &page.Total)
		}
		t.queueCalls(row, q, &page)
		return nil
	})
	if err != nil {
		return campaign.CallPage{}, err
	}
	return page, nil
}

// callsFound returns a query for the sids of the calls that pass q, limit of each kind at
// most: those of each outcome by its index. $1 is the account, $2 the campaign.
func callsFound(s *selection, q *campaign.CallQuery, limit string) string {
	after, direction := ``, ``
	if q.Desc {
		direction = ` DESC`
	}
	if q.After != (addressbook.SID{}) {
		after = ` AND calls.sid > `
		if q.Desc {
			after = ` AND calls.sid < `
		}
		after += s.arg((*sidValue)(&q.After))
	}
	order := after + ` ORDER BY calls.sid` + direction + ` LIMIT ` + limit
	const of = `SELECT calls.sid FROM calls WHERE calls.account_id = $1 AND calls.campaign_sid = $2`
	filtered := q.Outcomes != nil || q.States != nil
	switch {
	case q.Position != nil:
		// The history of a target has the sids of its calls.
		found := of + ` AND calls.sid = ANY(ARRAY(SELECT encode(substring(history FROM 1 + 17 * n FOR 16), 'hex')::uuid
			FROM targets, generate_series(0, octet_length(history) / 17 - 1) AS n
			WHERE targets.account_id = $1 AND targets.campaign_sid = $2 AND targets.position = ` + s.arg(*q.Position) + `))`
		if filtered {
			found += ` AND (calls.outcome = ANY(` + s.arg(smallints(q.Outcomes)) + `) OR calls.state < 5 AND calls.state = ANY(` + s.arg(smallints(q.States)) + `))`
		}
		return found + order
	case !filtered:
		return of + order
	}
	return `SELECT found.sid FROM unnest(` + s.arg(smallints(q.Outcomes)) + `::smallint[]) AS asked (outcome) CROSS JOIN LATERAL (` + of + `
			AND calls.outcome > 0 AND calls.outcome = asked.outcome` + order + `) AS found
		UNION ALL (SELECT calls.sid FROM (SELECT * FROM calls WHERE account_id = $1 AND state < 5 OFFSET 0) AS calls
			WHERE calls.campaign_sid = $2 AND calls.state = ANY(` + s.arg(smallints(q.States)) + `)` + order + `)`
}

// queueCallTotal queues a count of the calls that a query matches, unless the campaign's
// counters tell.
func (t *tx) queueCallTotal(row *campaignRow, q campaign.CallQuery, total *int) {
	switch {
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
	q.After, q.Desc = addressbook.SID{}, false
	s := &selection{args: []any{t.account, (*sidValue)(&row.SID)}}
	t.queue(`SELECT count(*) FROM (`+callsFound(s, &q, `ALL`)+`) AS found`, s.args...).QueryRow(func(row pgx.Row) error { return row.Scan(total) })
}

// queueCalls queues the query for a page of calls and their targets.
func (t *tx) queueCalls(row *campaignRow, q campaign.CallQuery, page *campaign.CallPage) {
	direction := ``
	if q.Desc {
		direction = ` DESC`
	}
	s := &selection{args: []any{t.account, (*sidValue)(&row.SID)}}
	found := callsFound(s, &q, s.arg(q.Offset+q.Limit))
	share := budget.Of(t.ctx)
	t.queue(`SELECT `+targetColumns+`, `+callColumns+` FROM
			(SELECT sid FROM (`+found+`) AS found ORDER BY sid`+direction+` LIMIT `+s.arg(q.Limit)+` OFFSET `+s.arg(q.Offset)+`) AS page
		CROSS JOIN LATERAL (SELECT * FROM calls WHERE calls.account_id = $1 AND calls.campaign_sid = $2 AND calls.sid = page.sid OFFSET 0) AS calls
		CROSS JOIN LATERAL (SELECT * FROM targets WHERE targets.account_id = $1 AND targets.campaign_sid = $2 AND targets.position = calls.position OFFSET 0) AS targets
		ORDER BY calls.sid`+direction, s.args...).Query(func(rows pgx.Rows) error {
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
	err = db.readOf(ctx, purpose{account, (q.States != nil || q.Again != nil) && q.Offset > 0}, sid, "list targets", func(t *tx, row *campaignRow) error {
		if !q.NoTotal {
			var known bool
			if page.Total, known = row.Counts.Of(q.States, q.Again); !known {
				all := campaign.TargetQuery{States: q.States, Again: q.Again, After: -1}
				s := &selection{args: []any{account, (*sidValue)(&sid)}}
				t.queue(`SELECT count(*) FROM (`+targetsFound(s, row, &all, `ALL`)+`) AS found`, s.args...).QueryRow(func(row pgx.Row) error {
					return row.Scan(&page.Total)
				})
			}
		}
		if q.States == nil && q.Again == nil {
			q.After, q.Offset = max(q.After, -1)+q.Offset, 0 // positions have no gaps
		}
		s := &selection{args: []any{account, (*sidValue)(&sid)}}
		found := targetsFound(s, row, &q, s.arg(q.Offset+q.Limit))
		t.queue(`SELECT `+targetColumns+` FROM (SELECT position FROM (`+found+`) AS found ORDER BY position LIMIT `+s.arg(q.Limit)+` OFFSET `+s.arg(q.Offset)+`) AS page
			CROSS JOIN LATERAL (SELECT * FROM targets WHERE targets.account_id = $1 AND targets.campaign_sid = $2 AND targets.position = page.position OFFSET 0) AS targets
			ORDER BY targets.position`, s.args...).Query(t.eachTarget(func(r *targetRow) {
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

// targetKind is the number of [campaign.TargetQuery.Kinds], as targets_by_state has it.
const targetKind = `(2 * state + CASE WHEN state = 1 AND octet_length(history) > 0 OR state = 2 AND octet_length(history) > 17 THEN 1 ELSE 0 END)`

// targetsFound returns a query for the positions of the targets that pass q, as callsFound
// does: of each kind by its index.
func targetsFound(s *selection, row *campaignRow, q *campaign.TargetQuery, limit string) string {
	of := `SELECT position FROM targets WHERE account_id = $1 AND campaign_sid = $2 AND position > ` + s.arg(q.After)
	order := ` ORDER BY position LIMIT ` + limit
	kinds, again := q.Kinds(&row.Campaign)
	if kinds == nil {
		return of + order
	}
	if again {
		of += ` AND (octet_length(history) > CASE WHEN state = 2 THEN 17 ELSE 0 END) = ` + s.arg(*q.Again)
	}
	return `SELECT found.position FROM unnest(` + s.arg(kinds) + `::integer[]) AS asked (kind) CROSS JOIN LATERAL (` + of +
		` AND ` + targetKind + ` = asked.kind` + order + `) AS found`
}

// eachTarget returns a function that reads rows of targetColumns. It claims their memory
// from the request's budget.
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
