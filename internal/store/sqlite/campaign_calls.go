package sqlite

import (
	"bytes"
	"context"
	"slices"
	"strconv"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
)

// Calls implements [campaign.Store].
func (s *Campaigns) Calls(ctx context.Context, account account.ID, sid addressbook.SID, q campaign.CallQuery) (campaign.CallPage, error) {
	var page campaign.CallPage
	share := budget.Of(ctx)
	err := s.view(ctx, account, sid, q.Offset > 0, "read calls", func(conn *sqlite.Conn, row *campaignRow) (err error) {
		found, args := callsFound(row, &q)
		if !q.NoTotal {
			if page.Total, err = callTotal(conn, row, &q, found, args); err != nil {
				return err
			}
		}
		direction := ``
		if q.Desc {
			direction = ` DESC`
		}
		args = append(args, q.Limit, q.Offset)
		// The inner query selects the page, so targets are looked up only for its calls.
		return sqlitex.Execute(conn, `SELECT `+callColumns+`, `+targetColumns+`
			FROM calls CROSS JOIN targets AS t ON t.campaign_id = calls.campaign_id AND t.position = calls.position
			WHERE calls.campaign_id = ?1 AND calls.sid IN (SELECT sid FROM (`+found+`) ORDER BY sid`+direction+` LIMIT ? OFFSET ?)
			ORDER BY calls.sid`+direction, &sqlitex.ExecOptions{
			Args: args,
			ResultFunc: func(stmt *sqlite.Stmt) error {
				call := scanCall(stmt, 0, row.SID)
				t, err := scanTarget(stmt, callParams)
				if err != nil {
					return err
				}
				t.State = row.Result(&t)
				page.Calls, page.Targets = append(page.Calls, call), append(page.Targets, t)
				return share.Claim(call.Weight() + t.Weight())
			},
		})
	})
	if err != nil {
		return campaign.CallPage{}, err
	}
	return page, nil
}

// callsFound is the statement that finds the sids of the calls that pass a query: as many
// as the page needs, of each outcome by its index. Its argument at countAll is how many,
// so that -1 finds all.
func callsFound(row *campaignRow, q *campaign.CallQuery) (found string, args []any) {
	after, order := ` AND sid > ?2`, ` ORDER BY sid LIMIT ?3`
	bound := q.After
	if q.Desc {
		after, order = ` AND sid < ?2`, ` ORDER BY sid DESC LIMIT ?3`
		if bound == (addressbook.SID{}) {
			bound = lastSID
		}
	}
	args = []any{row.id, bound[:], q.Offset + q.Limit}
	switch {
	case q.Position != nil:
		found, args = `SELECT sid FROM calls WHERE campaign_id = ?1 AND sid IN `+callsOfTarget+after, append(args, *q.Position)
		if q.Outcomes != nil || q.States != nil {
			found += ` AND (outcome IN (SELECT value FROM json_each(?5)) OR state < 5 AND state IN (SELECT value FROM json_each(?6)))`
			args = append(args, jsonArray(q.Outcomes), jsonArray(q.States))
		}
		return found + order, args
	case q.Outcomes == nil && q.States == nil:
		return `SELECT sid FROM calls WHERE campaign_id = ?1` + after + order, args
	}
	found = `SELECT sid FROM (SELECT sid FROM calls INDEXED BY calls_in_flight
		WHERE state < 5 AND campaign_id = ?1 AND state IN (SELECT value FROM json_each(?4))` + after + order + `)`
	args = append(args, jsonArray(q.States))
	for _, o := range q.Outcomes {
		args = append(args, int(o))
		found += ` UNION ALL SELECT sid FROM (SELECT sid FROM calls INDEXED BY calls_by_outcome
			WHERE campaign_id = ?1 AND outcome > 0 AND outcome = ?` + strconv.Itoa(len(args)) + after + order + `)`
	}
	return found, args
}

// countAll is the index of callsFound's argument that limits the number of calls to find.
const countAll = 2

// lastSID is beyond all sids.
var lastSID = addressbook.SID(bytes.Repeat([]byte{0xff}, len(addressbook.SID{})))

// callsOfTarget are the sids in the history of the target at ?4, which has at most
// [campaign.MaxHistory] calls.
const callsOfTarget = `(SELECT substr(history, 1 + 17 * value, 16) FROM targets, json_each('[0,1,2,3,4,5,6]')
	WHERE campaign_id = ?1 AND position = ?4 AND length(history) > 17 * value)`

// callTotal counts the calls that a query matches. Mostly it takes the total from the
// campaign's counts.
func callTotal(conn *sqlite.Conn, row *campaignRow, q *campaign.CallQuery, found string, args []any) (int, error) {
	n := &row.Counts
	switch {
	case q.Position != nil:
	case q.Outcomes == nil && q.States == nil:
		return n.Calls, nil
	case q.States == nil:
		if total, ok := n.Ends(q.Outcomes); ok {
			return total, nil
		}
	}
	args = slices.Clone(args)
	args[1], args[countAll] = make([]byte, len(lastSID)), -1
	if q.Desc {
		args[1] = lastSID[:]
	}
	return count(conn, `FROM (`+found+`)`, args)
}

// Targets implements [campaign.Store].
func (s *Campaigns) Targets(ctx context.Context, account account.ID, sid addressbook.SID, q campaign.TargetQuery) (campaign.TargetPage, error) {
	var page campaign.TargetPage
	share := budget.Of(ctx)
	err := s.view(ctx, account, sid, (q.States != nil || q.Again != nil) && q.Offset > 0, "read targets", func(conn *sqlite.Conn, row *campaignRow) (err error) {
		found, args, filtered := targetsFound(row, &q)
		if !q.NoTotal {
			if page.Total, err = targetTotal(conn, row, &q, found, args); err != nil {
				return err
			}
		}
		if !filtered {
			args[1], q.Offset = max(q.After, -1)+q.Offset, 0 // positions have no gaps
		}
		args = append(args, q.Limit, q.Offset)
		return sqlitex.Execute(conn, `SELECT `+targetColumns+` FROM targets AS t
			WHERE campaign_id = ?1 AND position IN (SELECT position FROM (`+found+`) ORDER BY position LIMIT ? OFFSET ?) ORDER BY position`, &sqlitex.ExecOptions{
			Args: args,
			ResultFunc: func(stmt *sqlite.Stmt) error {
				t, err := scanTarget(stmt, 0)
				if err != nil {
					return err
				}
				t.State = row.Result(&t)
				page.Targets = append(page.Targets, t)
				return share.Claim(t.Weight())
			},
		})
	})
	if err != nil {
		return campaign.TargetPage{}, err
	}
	return page, nil
}

// targetKind is the number of [campaign.TargetQuery.Kinds], as targets_by_state has it.
const targetKind = `(2 * state + (state < 3 AND length(history) > 17 * (state = 2)))`

// targetsFound is the statement that finds the positions of the targets that pass a query,
// as callsFound does: of each kind by its index.
func targetsFound(row *campaignRow, q *campaign.TargetQuery) (found string, args []any, filtered bool) {
	const after = ` AND position > ?2 ORDER BY position LIMIT ?3`
	args = []any{row.id, q.After, q.Offset + q.Limit}
	kinds, again := q.Kinds(&row.Campaign)
	if kinds == nil {
		return `SELECT position FROM targets WHERE campaign_id = ?1` + after, args, false
	}
	where := ``
	if again {
		where, args = ` AND (length(history) > iif(state = 2, 17, 0)) = ?4`, append(args, *q.Again)
	}
	found = `SELECT position FROM (SELECT position FROM targets WHERE campaign_id = ?1 AND false` + after + `)`
	for _, kind := range kinds {
		args = append(args, kind)
		found += ` UNION ALL SELECT position FROM (SELECT position FROM targets INDEXED BY targets_by_state
			WHERE campaign_id = ?1 AND ` + targetKind + ` = ?` + strconv.Itoa(len(args)) + where + after + `)`
	}
	return found, args, true
}

// targetTotal counts the targets that a query matches. Mostly it takes the total from the
// campaign's counts.
func targetTotal(conn *sqlite.Conn, row *campaignRow, q *campaign.TargetQuery, found string, args []any) (int, error) {
	if total, ok := row.Counts.Of(q.States, q.Again); ok {
		return total, nil
	}
	args = slices.Clone(args)
	args[1], args[countAll] = -1, -1
	return count(conn, `FROM (`+found+`)`, args)
}
