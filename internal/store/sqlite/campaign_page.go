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
	"callbook/internal/phone"
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
		defer sqlitex.Transaction(conn)(&err) // reads the total and the page from one snapshot
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

// view reads a campaign and calls f, both on one snapshot.
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
func (s *Campaigns) Preview(ctx context.Context, account account.ID, c *campaign.Settings, refuses func(phone.Number) campaign.Reason) (p campaign.Preview, err error) {
	suppressed := func(number string) string {
		return `EXISTS (SELECT 1 FROM suppressions AS s WHERE s.account_id = ?1 AND s.number IN (` + number + `, ` + markOf(number) + `))`
	}
	err = s.book.db.scans.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err)
		p = campaign.Preview{}
		look := func(stmt *sqlite.Stmt) error {
			if stmt.ColumnBool(1) {
				p.Suppressed++
			} else {
				p.Refuse(refuses(phone.Number(stmt.ColumnInt64(0))))
			}
			return nil
		}
		if len(c.From) > 0 {
			p.Targets = len(c.From)
			return sqlitex.Execute(conn, `SELECT n.value, `+suppressed(`n.value`)+` FROM json_each(?2) AS n`,
				&sqlitex.ExecOptions{Args: []any{account, jsonArray(c.From)}, ResultFunc: look})
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
		return sqlitex.Execute(conn, `SELECT contacts.number, EXISTS (SELECT 1 FROM suppressions WHERE account_id = ?1) AND `+suppressed(`contacts.number`)+`
			FROM (`+contacts+`) AS m CROSS JOIN contacts ON contacts.account_id = ?1 AND contacts.sid = m.contact_sid`,
			&sqlitex.ExecOptions{Args: args, ResultFunc: look})
	})
	if err != nil {
		return campaign.Preview{}, storeError("count what a campaign would call", err)
	}
	return p, nil
}
