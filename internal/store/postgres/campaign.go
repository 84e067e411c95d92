package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
	"callbook/internal/journal"
)

// campaignRow is a campaign as it is stored.
type campaignRow struct {
	campaign.Campaign
	next        int // position of the next target
	listsRead   int
	contactRead addressbook.SID // zeros before the first
}

// The columns of a campaign: progressColumns change as it is dialed, and settingColumns
// when somebody edits it.
var (
	progressColumns = append([]string{
		"state", "expanded", "closed", "next_position", "lists_read", "contact_read", "date_updated", "date_started", "date_ended", "ended_as", "calls_by_minute",
	}, campaign.CountColumns...)
	settingColumns = []string{"name", "name_key", "name_folded", "throttle", "settings", "numbers"}

	// campaignColumns is what scanCampaign reads.
	campaignColumns = `campaigns.account_id, campaigns.sid, campaigns.date_created, campaigns.name, campaigns.throttle, campaigns.settings,
		campaigns.numbers, campaigns.` + strings.Join(progressColumns, ", campaigns.")
)

// notDeleted excludes campaigns that were deleted.
const notDeleted = ` AND campaigns.state <> 8`

func scanCampaign(row pgx.CollectableRow) (*campaignRow, error) {
	c := new(campaignRow)
	var name, settings string
	var throttle int
	var numbers, minutes []byte
	into := []any{
		&c.Account, (*sidValue)(&c.SID), (*dateValue)(&c.Created), &name, &throttle, &settings, &numbers,
		(*uint8)(&c.State), &c.Expanded, &c.Closed, &c.next, &c.listsRead, (*sidValue)(&c.contactRead),
		(*dateValue)(&c.Updated), (*dateValue)(&c.Started), (*dateValue)(&c.Ended), (*uint8)(&c.EndedAs), &minutes,
	}
	for _, n := range c.Counts.Fields() {
		into = append(into, n)
	}
	err := row.Scan(into...)
	if err == nil {
		c.Settings, err = campaign.DecodeSettings([]byte(settings))
	}
	if err != nil {
		return nil, err
	}
	c.Name, c.Throttle, c.From, c.Minutes = name, throttle, campaign.DecodeNumbers(numbers), campaign.DecodeMinutes(minutes)
	return c, nil
}

// eachCampaign returns a function that reads rows of campaignColumns. It claims their
// memory from the request's budget.
func (t *tx) eachCampaign(do func(*campaignRow)) func(pgx.Rows) error {
	share := budget.Of(t.ctx)
	return func(rows pgx.Rows) error {
		for rows.Next() {
			c, err := scanCampaign(rows)
			if err == nil {
				err = share.Claim(c.Weight())
			}
			if err != nil {
				return err
			}
			do(c)
		}
		return rows.Err()
	}
}

// progress returns the values of progressColumns.
func (c *campaignRow) progress() []any {
	values := []any{
		int16(c.State), c.Expanded, c.Closed, c.next, c.listsRead, nullableSID(c.contactRead),
		(*dateValue)(&c.Updated), (*dateValue)(&c.Started), (*dateValue)(&c.Ended), int16(c.EndedAs), c.Minutes.Encode(),
	}
	for _, n := range c.Counts.Fields() {
		values = append(values, *n)
	}
	return values
}

// settings returns the values of settingColumns.
func (c *campaignRow) settings() []any {
	return []any{
		c.Name, addressbook.NameKey(c.Name, ""), addressbook.SearchText(c.Name), c.Throttle, c.Encode(), campaign.EncodeNumbers(c.From),
	}
}

// nullableSID is a sid as an argument; zeros are NULL.
func nullableSID(sid addressbook.SID) *sidValue {
	if sid == (addressbook.SID{}) {
		return nil
	}
	return (*sidValue)(&sid)
}

// params returns the names of n parameters from $first on.
func params(first, n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("$%d", first+i)
	}
	return strings.Join(names, ", ")
}

var (
	insertCampaign = `INSERT INTO campaigns (account_id, sid, date_created, ` + strings.Join(progressColumns, ", ") + `, ` + strings.Join(settingColumns, ", ") + `)
		VALUES ($1, $2, $3, ` + params(4, len(progressColumns)+len(settingColumns)) + `)`
	updateProgress = `UPDATE campaigns SET (` + strings.Join(progressColumns, ", ") + `) = ROW (` + params(3, len(progressColumns)) + `)
		WHERE account_id = $1 AND sid = $2`
	updateSettings = `UPDATE campaigns SET (` + strings.Join(settingColumns, ", ") + `) = ROW (` + params(3, len(settingColumns)) + `)
		WHERE account_id = $1 AND sid = $2`
)

// saveProgress queues the update of a campaign's progressColumns.
func (t *tx) saveProgress(c *campaignRow) {
	t.queue(updateProgress, append([]any{t.account, (*sidValue)(&c.SID)}, c.progress()...)...)
}

// queueRunning queues a query for the account's other running campaigns. It locks the
// account first. So when two transactions add or change campaigns at once, the second
// sees the first one's campaign, and nobody deletes the flow that a campaign names.
func (t *tx) queueRunning(besides addressbook.SID, r *campaign.Running) {
	t.queueLockAccount()
	t.queue(`SELECT count(*), coalesce(sum(throttle), 0) FROM campaigns WHERE account_id = $1 AND NOT closed AND state < $2 AND sid <> $3`,
		t.account, int16(campaign.Completed), (*sidValue)(&besides)).QueryRow(func(row pgx.Row) error {
		return row.Scan(&r.Campaigns, &r.Throttle)
	})
}

// lockCampaigns queues a query that reads campaigns and locks them, in the order of their
// sids. Which is an additional condition.
func (t *tx) lockCampaigns(campaigns []addressbook.SID, which string, do func(*campaignRow)) {
	t.queue(`SELECT `+campaignColumns+` FROM campaigns WHERE account_id = $1 AND sid = ANY($2)`+which+` ORDER BY sid FOR NO KEY UPDATE`,
		t.account, sids(campaigns)).Query(t.eachCampaign(do))
}

// InsertCampaign implements [campaign.Store].
func (db *DB) InsertCampaign(ctx context.Context, c *campaign.Campaign, check func(campaign.Running) error, ready journal.Ready[*campaign.Campaign]) error {
	return db.writeOnce(ctx, c.Account, "insert a campaign", func(t *tx) error {
		var r campaign.Running
		t.queueRunning(c.SID, &r)
		if err := t.flush(); err != nil {
			return err
		}
		if err := check(r); err != nil {
			return err
		}
		row := campaignRow{Campaign: *c}
		args := append([]any{t.account, (*sidValue)(&row.SID), (*dateValue)(&row.Created)}, row.progress()...)
		t.queue(insertCampaign, append(args, row.settings()...)...)
		t.keep(ready.Receipt(c))
		return nil
	})
}

// ChangeCampaign implements [campaign.Store].
func (db *DB) ChangeCampaign(ctx context.Context, account account.ID, sid addressbook.SID, change func(*campaign.Campaign, campaign.Running) error, ready journal.Ready[*campaign.Campaign]) error {
	return db.writeOnce(ctx, account, "change a campaign", func(t *tx) error {
		var r campaign.Running
		var row *campaignRow
		t.queueRunning(sid, &r)
		t.lockCampaigns([]addressbook.SID{sid}, notDeleted, func(c *campaignRow) { row = c })
		if err := t.flush(); err != nil {
			return err
		}
		if row == nil {
			return campaign.ErrNotFound
		}
		if err := change(&row.Campaign, r); err != nil {
			return err
		}
		t.saveProgress(row)
		t.queue(updateSettings, append([]any{t.account, (*sidValue)(&row.SID)}, row.settings()...)...)
		t.keep(ready.Receipt(&row.Campaign))
		return nil
	})
}

// Campaign implements [campaign.Store].
func (db *DB) Campaign(ctx context.Context, account account.ID, sid addressbook.SID) (*campaign.Campaign, error) {
	found, err := collect(ctx, db, of(account), "read a campaign", scanCampaign,
		`SELECT `+campaignColumns+` FROM campaigns WHERE account_id = $1 AND sid = $2`+notDeleted, account, (*sidValue)(&sid))
	if err == nil && len(found) == 0 {
		err = campaign.ErrNotFound
	}
	if err == nil {
		err = budget.Of(ctx).Claim(found[0].Weight())
	}
	if err != nil {
		return nil, err
	}
	return &found[0].Campaign, nil
}

// LastCampaignSID implements [campaign.Store].
func (db *DB) LastCampaignSID(ctx context.Context) (addressbook.SID, error) {
	const calls = `(SELECT campaigns.account_id, last.sid FROM campaigns CROSS JOIN LATERAL
		(SELECT sid FROM calls WHERE calls.account_id = campaigns.account_id AND calls.campaign_sid = campaigns.sid ORDER BY sid DESC LIMIT 1) AS last) AS calls`
	return db.lastSID(ctx, "campaigns", calls)
}

// Policy implements [campaign.Store] and [dialer.Store].
func (db *DB) Policy(ctx context.Context, account account.ID) (p campaign.Policy, err error) {
	var text string
	err = db.row(ctx, of(account), `SELECT policy FROM policies WHERE account_id = $1`, []any{account}, []any{&text})
	if noRow(err) {
		return campaign.Policy{}, nil
	}
	if err == nil {
		p, err = campaign.DecodePolicy([]byte(text))
	}
	return p, storeError("read a policy", err)
}

// ChangePolicy implements [campaign.Store].
func (db *DB) ChangePolicy(ctx context.Context, account account.ID, change func(*campaign.Policy) error) error {
	return db.write(ctx, account, "change a policy", func(t *tx) error {
		text := []byte("{}")
		t.queueLockAccount()
		t.queue(`SELECT policy FROM policies WHERE account_id = $1`, account).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := rows.Scan(&text); err != nil {
					return err
				}
			}
			return rows.Err()
		})
		if err := t.flush(); err != nil {
			return err
		}
		p, err := campaign.DecodePolicy(text)
		if err == nil {
			err = change(&p)
		}
		if err != nil {
			return err
		}
		t.queue(`INSERT INTO policies (account_id, policy) VALUES ($1, $2) ON CONFLICT (account_id) DO UPDATE SET policy = excluded.policy`,
			account, p.Encode())
		return nil
	})
}
