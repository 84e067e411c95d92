package sqlite

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
)

// Campaigns implements [campaign.Store].
func (s *Campaigns) Campaigns(ctx context.Context, account account.ID, q campaign.Query) (campaign.Page, error) {
	from, args := `FROM campaigns WHERE account_id = ?`+notDeleted, []any{account}
	if q.States != nil {
		from, args = from+` AND state IN (SELECT value FROM json_each(?))`, append(args, jsonArray(q.States))
	}
	if q.Name != "" {
		from, args = from+` AND instr(`+searchTextFunction+`(name), ?) > 0`, append(args, addressbook.SearchText(q.Name))
	}
	if q.List != (addressbook.SID{}) {
		from, args = from+` AND EXISTS (SELECT 1 FROM json_each(settings, '$.lists') WHERE value = ?)`, append(args, q.List.String())
	}
	order := ` ORDER BY sid`
	if q.ByName {
		order = ` ORDER BY ` + nameKeyFunction + `(name, '')`
	}
	if q.Desc {
		order += ` DESC`
	}
	if q.ByName {
		order += `, sid`
		if q.Desc {
			order += ` DESC`
		}
	}
	share := budget.Of(ctx)
	var page campaign.Page
	err := s.book.db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err) // so that the total fits the page
		if page.Total, err = count(conn, from, args); err != nil {
			return err
		}
		return sqlitex.Execute(conn, `SELECT `+campaignColumns+` `+from+order+` LIMIT ? OFFSET ?`, &sqlitex.ExecOptions{
			Args: append(args, q.Limit, q.Offset),
			ResultFunc: func(stmt *sqlite.Stmt) error {
				row, err := scanCampaign(stmt)
				if err != nil {
					return err
				}
				page.Campaigns = append(page.Campaigns, row.Campaign)
				return share.Claim(row.Weight())
			},
		})
	})
	if err != nil {
		return campaign.Page{}, storeError("read campaigns", err)
	}
	return page, nil
}

// jsonArray returns numbers as a JSON array, for json_each.
func jsonArray[N ~uint8 | ~uint64](numbers []N) string {
	b := []byte{'['}
	for i, n := range numbers {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(n), 10)
	}
	return string(append(b, ']'))
}

// view reads a campaign and calls f, all at one moment.
func (s *Campaigns) view(ctx context.Context, account account.ID, sid addressbook.SID, scans bool, operation string, f func(*sqlite.Conn, *campaignRow) error) error {
	err := s.book.db.readersOf(scans).read(ctx, account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err)
		row, err := readCampaign(conn, account, sid, notDeleted)
		if err != nil {
			return err
		}
		return f(conn, row)
	})
	if errors.Is(err, errNoRow) {
		return campaign.ErrNotFound
	}
	return storeError(operation, err)
}

// Calls implements [campaign.Store].
func (s *Campaigns) Calls(ctx context.Context, account account.ID, sid addressbook.SID, q campaign.CallQuery) (campaign.CallPage, error) {
	var page campaign.CallPage
	share := budget.Of(ctx)
	filtered := q.Outcomes != nil || q.States != nil
	err := s.view(ctx, account, sid, filtered || q.Offset > 0, "read calls", func(conn *sqlite.Conn, row *campaignRow) (err error) {
		from, args := `FROM calls CROSS JOIN targets AS t ON t.campaign_id = calls.campaign_id AND t.position = calls.position WHERE calls.campaign_id = ?`, []any{row.id}
		if q.Position != nil {
			from, args = callsOfTarget, []any{row.id, *q.Position}
		}
		if filtered {
			from, args = from+` AND (calls.outcome IN (SELECT value FROM json_each(?)) OR calls.state < 5 AND calls.state IN (SELECT value FROM json_each(?)))`,
				append(args, jsonArray(q.Outcomes), jsonArray(q.States))
		}
		if !q.NoTotal {
			if page.Total, err = callTotal(conn, row, &q, from, args); err != nil {
				return err
			}
		}
		beyond, order := ` AND calls.sid > ?`, ` ORDER BY calls.sid`
		if q.Desc {
			beyond, order = ` AND calls.sid < ?`, order+` DESC`
		}
		if q.After != (addressbook.SID{}) {
			from, args = from+beyond, append(args, q.After[:])
		}
		return sqlitex.Execute(conn, `SELECT `+callColumns+`, `+targetColumns+` `+from+order+` LIMIT ? OFFSET ?`, &sqlitex.ExecOptions{
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

// callsOfTarget finds the calls of one target by its history.
const callsOfTarget = `FROM (SELECT substr(history, 1 + 17 * value, 16) AS sid FROM targets, json_each('[0,1,2,3]')
		WHERE campaign_id = ?1 AND position = ?2 AND length(history) > 17 * value) AS h
	CROSS JOIN calls ON calls.campaign_id = ?1 AND calls.sid = h.sid
	CROSS JOIN targets AS t ON t.campaign_id = ?1 AND t.position = ?2 WHERE 1`

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

// CampaignsOf implements [campaign.Store].
func (s *Campaigns) CampaignsOf(ctx context.Context, account account.ID, contact addressbook.SID, limit int) (campaigns []campaign.Campaign, targets []campaign.Target, err error) {
	const first = `(SELECT campaign_id, min(position) AS position FROM targets INDEXED BY targets_by_contact WHERE contact_sid = ? GROUP BY campaign_id)`
	share := budget.Of(ctx)
	err = s.book.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT `+campaignColumnsOf("c")+`, `+targetColumns+` FROM `+first+` AS f
			CROSS JOIN campaigns AS c ON c.id = f.campaign_id
			CROSS JOIN targets AS t ON t.campaign_id = f.campaign_id AND t.position = f.position
			WHERE c.account_id = ? AND c.state <> 8 ORDER BY c.sid DESC LIMIT ?`, &sqlitex.ExecOptions{
			Args: []any{contact[:], account, limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				row, err := scanCampaign(stmt)
				if err != nil {
					return err
				}
				t, err := scanTarget(stmt, strings.Count(campaignColumns, ",")+1)
				t.State = row.Result(&t)
				campaigns, targets = append(campaigns, row.Campaign), append(targets, t)
				return errors.Join(err, share.Claim(row.Weight()+t.Weight()))
			},
		})
	})
	if err != nil {
		return nil, nil, storeError("read the campaigns of a contact", err)
	}
	return campaigns, targets, nil
}

// campaignColumnsOf returns campaignColumns of a table.
func campaignColumnsOf(table string) string {
	return table + `.` + strings.ReplaceAll(campaignColumns, ", ", ", "+table+".")
}

// Preview implements [campaign.Store].
func (s *Campaigns) Preview(ctx context.Context, account account.ID, c *campaign.Settings) (p campaign.Preview, err error) {
	const suppressed = ` AND EXISTS (SELECT 1 FROM suppressions AS s WHERE s.account_id = ?1 AND s.number = `
	err = s.book.db.scans.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err)
		if len(c.From) > 0 {
			p.Targets = len(c.From)
			p.Suppressed, err = count(conn, `FROM json_each(?2) AS n WHERE 1`+suppressed+`n.value)`, []any{account, jsonArray(c.From)})
			return err
		}
		const entries = `FROM lists CROSS JOIN list_members AS m ON m.list_id = lists.id WHERE lists.account_id = ?1
			AND lists.sid IN (SELECT unhex(value) FROM json_each(?2))`
		var texts []string
		for _, sid := range c.Lists {
			texts = append(texts, sid.String())
		}
		args := []any{account, `["` + strings.Join(texts, `","`) + `"]`}
		all, err := count(conn, entries, args)
		if err != nil {
			return err
		}
		p.Targets = all
		contacts := `SELECT m.contact_sid ` + entries
		if len(c.Lists) > 1 && !c.Duplicates {
			contacts = `SELECT DISTINCT m.contact_sid ` + entries
			if p.Targets, err = count(conn, `FROM (`+contacts+`)`, args); err != nil {
				return err
			}
		}
		p.Duplicates = all - p.Targets
		p.Suppressed, err = count(conn, `FROM (`+contacts+`) AS m CROSS JOIN contacts ON contacts.account_id = ?1 AND contacts.sid = m.contact_sid
			WHERE EXISTS (SELECT 1 FROM suppressions WHERE account_id = ?1)`+suppressed+`contacts.number)`, args)
		return err
	})
	if err != nil {
		return campaign.Preview{}, storeError("count what a campaign would call", err)
	}
	return p, nil
}
