package sqlite

import (
	"context"
	"errors"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
	"callbook/internal/journal"
)

// Campaigns gives access to the campaigns in a database file, with their targets and
// calls.
type Campaigns struct{ book *AddressBook }

var _ campaign.Store = (*Campaigns)(nil)

// Campaigns returns the campaigns in the file.
func (b *AddressBook) Campaigns() *Campaigns { return &Campaigns{b} }

// campaignRow is a campaign as it is stored.
type campaignRow struct {
	campaign.Campaign
	id          int64
	next        int // position of the next target
	listsRead   int
	contactRead addressbook.SID // the zero sid before the first
}

// The columns of a campaign: progressColumns change as it is dialed, and settingColumns
// when somebody edits it.
var (
	progressColumns = []string{
		"state", "expanded", "closed", "next_position", "lists_read", "contact_read", "date_updated", "date_started", "date_ended", "ended_as", "calls_by_minute",
	}
	settingColumns  = []string{"throttle", "name", "settings", "numbers"}
	campaignColumns = `id, account_id, sid, date_created, ` + strings.Join(progressColumns, ", ") + `, ` +
		strings.Join(campaign.CountColumns, ", ") + `, ` + strings.Join(settingColumns, ", ")
)

// notDeleted excludes campaigns that were deleted.
const notDeleted = ` AND state <> 8`

// scanCampaign reads a row of campaignColumns.
func scanCampaign(stmt *sqlite.Stmt) (*campaignRow, error) {
	const firstCount = 15
	firstSetting := firstCount + len(campaign.CountColumns)
	settings, err := campaign.DecodeSettings(columnBytes(stmt, firstSetting+2))
	if err != nil {
		return nil, err
	}
	settings.Throttle, settings.Name = stmt.ColumnInt(firstSetting), stmt.ColumnText(firstSetting+1)
	settings.From = campaign.DecodeNumbers(columnBytes(stmt, firstSetting+3))
	row := &campaignRow{
		id:   stmt.ColumnInt64(0),
		next: stmt.ColumnInt(7), listsRead: stmt.ColumnInt(8),
		Campaign: campaign.Campaign{
			Account: account.ID(stmt.ColumnInt64(1)), SID: columnSID(stmt, 2), Settings: settings,
			State: campaign.State(stmt.ColumnInt(4)), Expanded: stmt.ColumnBool(5), Closed: stmt.ColumnBool(6),
			Created: optionalTime(stmt, 3), Updated: optionalTime(stmt, 10), Started: optionalTime(stmt, 11), Ended: optionalTime(stmt, 12), EndedAs: campaign.State(stmt.ColumnInt(13)),
		},
	}
	row.contactRead, row.Minutes = columnSID(stmt, 9), campaign.DecodeMinutes(columnBytes(stmt, 14))
	for i, n := range row.Counts.Fields() {
		*n = stmt.ColumnInt(firstCount + i)
	}
	return row, nil
}

// progress returns the values of progressColumns and of the counts.
func (row *campaignRow) progress() []any {
	values := []any{
		int(row.State), row.Expanded, row.Closed, row.next, row.listsRead, nullableSID(row.contactRead),
		row.Updated.UnixNano(), nullableTime(row.Started), nullableTime(row.Ended), int(row.EndedAs), row.Minutes.Encode(),
	}
	for _, n := range row.Counts.Fields() {
		values = append(values, *n)
	}
	return values
}

// settings returns the values of settingColumns.
func (row *campaignRow) settings() []any {
	return []any{row.Throttle, row.Name, row.Encode(), campaign.EncodeNumbers(row.From)}
}

var (
	insertCampaign = `INSERT INTO campaigns (account_id, sid, date_created, ` + strings.Join(progressColumns, ", ") + `, ` +
		strings.Join(campaign.CountColumns, ", ") + `, ` + strings.Join(settingColumns, ", ") + `)
		VALUES (?, ?, ?` + strings.Repeat(", ?", len(progressColumns)+len(campaign.CountColumns)+len(settingColumns)) + `)`
	updateProgress = `UPDATE campaigns SET ` + strings.Join(progressColumns, " = ?, ") + ` = ?, ` +
		strings.Join(campaign.CountColumns, " = ?, ") + ` = ? WHERE id = ?`
	updateSettings = `UPDATE campaigns SET ` + strings.Join(settingColumns, " = ?, ") + ` = ? WHERE id = ?`
)

// saveProgress stores progressColumns and the counts.
func (tx *editTx) saveProgress(row *campaignRow) error {
	tx.bytes += pageBytes // part of a page
	return tx.exec(updateProgress, append(row.progress(), row.id)...)
}

// saveSettings stores settingColumns.
func (tx *editTx) saveSettings(row *campaignRow) error {
	tx.bytes += pageBytes + 8*len(row.From)
	return tx.exec(updateSettings, append(row.settings(), row.id)...)
}

// readCampaign reads one row, or returns errNoRow. Which is an additional condition.
func readCampaign(conn *sqlite.Conn, account account.ID, sid addressbook.SID, which string) (row *campaignRow, err error) {
	err = queryOne(conn, `SELECT `+campaignColumns+` FROM campaigns WHERE account_id = ? AND sid = ?`+which, []any{account, sid[:]},
		func(stmt *sqlite.Stmt) (err error) {
			row, err = scanCampaign(stmt)
			return err
		})
	return row, err
}

// running counts the account's other running campaigns.
func running(conn *sqlite.Conn, account account.ID, id int64) (r campaign.Running, err error) {
	err = queryOne(conn, `SELECT count(*), coalesce(sum(throttle), 0) FROM campaigns
		WHERE account_id = ? AND closed = 0 AND state < ? AND id <> ?`, []any{account, int(campaign.Completed), id},
		func(stmt *sqlite.Stmt) error {
			r = campaign.Running{Campaigns: stmt.ColumnInt(0), Throttle: stmt.ColumnInt(1)}
			return nil
		})
	return r, err
}

// InsertCampaign implements [campaign.Store].
func (s *Campaigns) InsertCampaign(ctx context.Context, c *campaign.Campaign, check func(campaign.Running) error, ready journal.Ready[*campaign.Campaign]) error {
	return s.book.edit(ctx, c.Account, 1, "insert a campaign", func(tx *editTx) error {
		const none = 0
		r, err := running(tx.Conn, c.Account, none)
		if err != nil {
			return err
		}
		if refused := check(r); refused != nil {
			return tx.refuse(refused)
		}
		row := campaignRow{Campaign: *c}
		args := append([]any{c.Account, c.SID[:], c.Created.UnixNano()}, row.progress()...)
		if err := tx.exec(insertCampaign, append(args, row.settings()...)...); err != nil {
			return err
		}
		tx.bytes += 2*pageBytes + 8*len(c.From)
		return tx.keep(ready.Receipt(c))
	})
}

// ChangeCampaign implements [campaign.Store].
func (s *Campaigns) ChangeCampaign(ctx context.Context, account account.ID, sid addressbook.SID, change func(*campaign.Campaign, campaign.Running) error, ready journal.Ready[*campaign.Campaign]) error {
	return s.book.edit(ctx, account, 1, "change a campaign", func(tx *editTx) error {
		row, err := readCampaign(tx.Conn, account, sid, notDeleted)
		if errors.Is(err, errNoRow) {
			return tx.refuse(campaign.ErrNotFound)
		}
		if err == nil {
			err = tx.edit.share.Claim(row.Weight())
		}
		if err != nil {
			return err
		}
		r, err := running(tx.Conn, account, row.id)
		if err != nil {
			return err
		}
		if refused := change(&row.Campaign, r); refused != nil {
			return tx.refuse(refused)
		}
		if err := errors.Join(tx.saveProgress(row), tx.saveSettings(row)); err != nil {
			return err
		}
		return tx.keep(ready.Receipt(&row.Campaign))
	})
}

// Campaign implements [campaign.Store].
func (s *Campaigns) Campaign(ctx context.Context, account account.ID, sid addressbook.SID) (*campaign.Campaign, error) {
	var row *campaignRow
	err := s.book.db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		row, err = readCampaign(conn, account, sid, notDeleted)
		return err
	})
	if errors.Is(err, errNoRow) {
		return nil, campaign.ErrNotFound
	}
	if err == nil {
		err = budget.Of(ctx).Claim(row.Weight())
	}
	if err != nil {
		return nil, storeError("read a campaign", err)
	}
	return &row.Campaign, nil
}

// LastCampaignSID implements [campaign.Store].
func (s *Campaigns) LastCampaignSID(ctx context.Context) (addressbook.SID, error) {
	// Each max is the end of an index.
	return s.book.db.lastSID(ctx, `SELECT max(max(sid, coalesce((SELECT max(sid) FROM calls WHERE campaign_id = campaigns.id), x''))) FROM campaigns`)
}

// Policy implements [campaign.Store] and dialer.Store.
func (s *Campaigns) Policy(ctx context.Context, account account.ID) (campaign.Policy, error) {
	return s.book.db.Policy(ctx, account)
}

// ChangePolicy implements [campaign.Store].
func (s *Campaigns) ChangePolicy(ctx context.Context, account account.ID, change func(*campaign.Policy) error) error {
	return s.book.db.ChangePolicy(ctx, account, change)
}

var _ campaign.PolicyStore = (*DB)(nil)

// Policy implements [campaign.PolicyStore].
func (db *DB) Policy(ctx context.Context, account account.ID) (p campaign.Policy, err error) {
	err = db.read(ctx, func(conn *sqlite.Conn) error {
		p, err = readPolicy(conn, account)
		return err
	})
	return p, storeError("read a policy", err)
}

// readPolicy reads an account's policy. It is zero if the account has set none.
func readPolicy(conn *sqlite.Conn, account account.ID) (p campaign.Policy, err error) {
	err = queryOne(conn, `SELECT policy FROM policies WHERE account_id = ?`, []any{account}, func(stmt *sqlite.Stmt) (err error) {
		p, err = campaign.DecodePolicy(columnBytes(stmt, 0))
		return err
	})
	if errors.Is(err, errNoRow) {
		return campaign.Policy{}, nil
	}
	return p, err
}

// ChangePolicy implements [campaign.PolicyStore]. It works beside a running server.
func (db *DB) ChangePolicy(ctx context.Context, account account.ID, change func(*campaign.Policy) error) error {
	err := db.write(ctx, func(conn *sqlite.Conn) error {
		p, err := readPolicy(conn, account)
		if err == nil {
			err = change(&p)
		}
		if err != nil {
			return err
		}
		return sqlitex.Execute(conn, `INSERT INTO policies (account_id, policy) VALUES (?, ?) ON CONFLICT (account_id) DO UPDATE SET policy = excluded.policy`,
			&sqlitex.ExecOptions{Args: []any{account, p.Encode()}})
	})
	return storeError("change a policy", err)
}
