package postgres

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
)

// Campaigns implements [campaign.Store].
func (db *DB) Campaigns(ctx context.Context, account account.ID, q campaign.Query) (page campaign.Page, err error) {
	err = db.read(ctx, of(account), "list campaigns", func(t *tx) error {
		s := newSelection("campaigns", account)
		s.where += notDeleted
		if name := addressbook.SearchText(q.Name); name != "" {
			s.and("strpos(campaigns.name_folded, %s) > 0", name)
		}
		if q.States != nil {
			s.and("campaigns.state = ANY(%s)", smallints(q.States))
		}
		if q.List != (addressbook.SID{}) {
			s.and("(campaigns.settings::json -> 'lists')::jsonb ? %s", q.List.String())
		}
		s.queueCount(t, &page.Total)
		key, direction := s.sid, ""
		if q.Desc {
			direction = " DESC"
		}
		order := key + direction
		if q.ByName {
			order = "campaigns.name_key" + direction + ", " + order
		}
		t.queue(`SELECT `+campaignColumns+` FROM campaigns WHERE `+s.where+` ORDER BY `+order+` LIMIT `+s.arg(q.Limit)+` OFFSET `+s.arg(q.Offset), s.args...).
			Query(t.eachCampaign(func(c *campaignRow) { page.Campaigns = append(page.Campaigns, c.Campaign) }))
		return nil
	})
	if err != nil {
		return campaign.Page{}, err
	}
	return page, nil
}

// smallints returns states or outcomes as an argument.
func smallints[T ~uint8](values []T) []int16 {
	all := make([]int16, len(values))
	for i, v := range values {
		all[i] = int16(v)
	}
	return all
}

// queueCampaign queues a query for a campaign that is not deleted.
func (t *tx) queueCampaign(account account.ID, sid addressbook.SID, row **campaignRow) {
	t.queue(`SELECT `+campaignColumns+` FROM campaigns WHERE account_id = $1 AND sid = $2`+notDeleted, account, (*sidValue)(&sid)).
		Query(t.eachCampaign(func(c *campaignRow) { *row = c }))
}

// readOf reads a campaign that is not deleted and calls do, both on one snapshot.
func (db *DB) readOf(ctx context.Context, p purpose, sid addressbook.SID, operation string, do func(*tx, *campaignRow) error) error {
	return db.read(ctx, p, operation, func(t *tx) error {
		var row *campaignRow
		t.queueCampaign(p.account, sid, &row)
		if err := t.flush(); err != nil {
			return err
		}
		if row == nil {
			return campaign.ErrNotFound
		}
		return do(t, row)
	})
}

// CampaignsOf implements [campaign.Store].
func (db *DB) CampaignsOf(ctx context.Context, account account.ID, contact addressbook.SID, limit int) (campaigns []campaign.Campaign, targets []campaign.Target, err error) {
	err = db.read(ctx, of(account), "read the campaigns of a contact", func(t *tx) error {
		// A campaign that calls duplicates may have several targets of a contact. This
		// takes the first.
		t.queue(`SELECT DISTINCT ON (targets.campaign_sid) `+targetColumns+` FROM targets
				JOIN campaigns ON campaigns.account_id = targets.account_id AND campaigns.sid = targets.campaign_sid
			WHERE targets.account_id = $1 AND targets.contact_sid = $2`+notDeleted+` ORDER BY targets.campaign_sid DESC, targets.position LIMIT $3`,
			account, (*sidValue)(&contact), limit).Query(t.eachTarget(func(r *targetRow) {
			targets = append(targets, r.Target)
			campaigns = append(campaigns, campaign.Campaign{SID: r.campaign})
		}))
		if err := t.flush(); err != nil {
			return err
		}
		wanted := make([]addressbook.SID, len(campaigns))
		for i := range campaigns {
			wanted[i] = campaigns[i].SID
		}
		rows := make(map[addressbook.SID]*campaignRow, len(wanted))
		t.queue(`SELECT `+campaignColumns+` FROM campaigns WHERE account_id = $1 AND sid = ANY($2)`, account, sids(wanted)).
			Query(t.eachCampaign(func(c *campaignRow) { rows[c.SID] = c }))
		if err := t.flush(); err != nil {
			return err
		}
		for i, sid := range wanted {
			campaigns[i] = rows[sid].Campaign
			targets[i].State = campaigns[i].Result(&targets[i])
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return campaigns, targets, nil
}
