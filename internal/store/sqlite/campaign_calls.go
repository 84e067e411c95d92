package sqlite

import (
	"context"

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
	filtered := q.Outcomes != nil || q.States != nil
	err := s.view(ctx, account, sid, filtered || q.Offset > 0, "read calls", func(conn *sqlite.Conn, row *campaignRow) (err error) {
		from, args := `FROM calls WHERE campaign_id = ?1`, []any{row.id}
		if q.Position != nil {
			from, args = from+` AND sid IN `+callsOfTarget, append(args, *q.Position)
		}
		if filtered {
			from, args = from+` AND (outcome IN (SELECT value FROM json_each(?)) OR state < 5 AND state IN (SELECT value FROM json_each(?)))`,
				append(args, jsonArray(q.Outcomes), jsonArray(q.States))
		}
		if !q.NoTotal {
			if page.Total, err = callTotal(conn, row, &q, from, args); err != nil {
				return err
			}
		}
		beyond, direction := ` AND sid > ?`, ``
		if q.Desc {
			beyond, direction = ` AND sid < ?`, ` DESC`
		}
		if q.After != (addressbook.SID{}) {
			from, args = from+beyond, append(args, q.After[:])
		}
		// The page comes first, so that no target is looked up of what is before it.
		return sqlitex.Execute(conn, `SELECT `+callColumns+`, `+targetColumns+`
			FROM (SELECT * `+from+` ORDER BY sid`+direction+` LIMIT ? OFFSET ?) AS calls
			CROSS JOIN targets AS t ON t.campaign_id = calls.campaign_id AND t.position = calls.position ORDER BY calls.sid`+direction, &sqlitex.ExecOptions{
			Args: append(args, q.Limit, q.Offset),
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

// callsOfTarget are the sids in the history of the target at ?2.
const callsOfTarget = `(SELECT substr(history, 1 + 17 * value, 16) FROM targets, json_each('[0,1,2,3]')
	WHERE campaign_id = ?1 AND position = ?2 AND length(history) > 17 * value)`

// callTotal counts the calls of a query. Most of the time the campaign's counts tell.
func callTotal(conn *sqlite.Conn, row *campaignRow, q *campaign.CallQuery, from string, args []any) (int, error) {
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
	return count(conn, from, args)
}

// Targets implements [campaign.Store].
func (s *Campaigns) Targets(ctx context.Context, account account.ID, sid addressbook.SID, q campaign.TargetQuery) (campaign.TargetPage, error) {
	var page campaign.TargetPage
	share := budget.Of(ctx)
	filtered := q.States != nil || q.Again != nil
	err := s.view(ctx, account, sid, filtered, "read targets", func(conn *sqlite.Conn, row *campaignRow) (err error) {
		from, args := `FROM targets AS t WHERE campaign_id = ?`, []any{row.id}
		if q.States != nil {
			state := `state`
			if row.State.Ended() {
				// As Campaign.Result says.
				state = `iif(state = 1, iif(length(history) > 0, 4, 7), state)`
			}
			from, args = from+` AND `+state+` IN (SELECT value FROM json_each(?))`, append(args, jsonArray(q.States))
		}
		if q.Again != nil {
			from, args = from+` AND (length(history) > iif(state = 2, 17, 0)) = ?`, append(args, *q.Again)
		}
		if !q.NoTotal {
			if page.Total, err = targetTotal(conn, row, &q, from, args); err != nil {
				return err
			}
		}
		after, offset := q.After, q.Offset
		if !filtered {
			after, offset = max(after, -1)+offset, 0 // positions have no gaps
		}
		from, args = from+` AND position > ? ORDER BY position`, append(args, after)
		return sqlitex.Execute(conn, `SELECT `+targetColumns+` `+from+` LIMIT ? OFFSET ?`, &sqlitex.ExecOptions{
			Args: append(args, q.Limit, offset),
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

// targetTotal counts the targets of a query. Most of the time the campaign's counts
// tell.
func targetTotal(conn *sqlite.Conn, row *campaignRow, q *campaign.TargetQuery, from string, args []any) (int, error) {
	if total, ok := row.Counts.Of(q.States, q.Again); ok {
		return total, nil
	}
	return count(conn, from, args)
}
