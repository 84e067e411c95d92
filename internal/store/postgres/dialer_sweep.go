package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/work"
)

// Sweep implements [dialer.Store].
func (db *DB) Sweep(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, limit int, rule dialer.TargetRule) (more bool, err error) {
	err = db.dialFor(ctx, l, account, sid, "end the targets of a campaign", func(t *tx, row *campaignRow) (err error) {
		more = false
		if row.State.Ended() {
			more, err = t.sweep(row, limit, rule)
		}
		return err
	})
	return more && err == nil, err
}

func (t *tx) sweep(row *campaignRow, limit int, rule dialer.TargetRule) (more bool, err error) {
	var targets []*targetRow
	t.queue(`SELECT `+targetColumns+` FROM targets WHERE account_id = $1 AND campaign_sid = $2 AND state = 1 ORDER BY due, position LIMIT $3`,
		t.account, (*sidValue)(&row.SID), limit).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			target, err := scanTarget(rows)
			if err != nil {
				return err
			}
			targets = append(targets, &target)
		}
		return rows.Err()
	})
	if err := t.flush(); err != nil {
		return false, err
	}
	var events []event.Event
	for _, target := range targets {
		events = append(events, rule(&row.Campaign, &target.Target)...)
	}
	t.updateTargets(targets)
	t.insertEvents(events)
	return len(targets) == limit, nil
}

// Recall implements [dialer.Store].
func (db *DB) Recall(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, now time.Time, from, limit int) error {
	return db.dialFor(ctx, l, account, sid, "ask about targets again", func(t *tx, _ *campaignRow) error {
		t.queue(`UPDATE targets SET due = $3 WHERE account_id = $1 AND campaign_sid = $2 AND position >= $4 AND position < $5
			AND state = 1 AND reason <> 0 AND due > $3`, account, (*sidValue)(&sid), now.UnixNano(), from, from+limit)
		return t.flush()
	})
}

// purged are the statements that delete rows of a campaign, each up to a limit. The
// dialogs and recordings are those of the calls that go next. A campaign that has not started has no
// events.
var purged = []string{
	`DELETE FROM dialogs WHERE call_sid IN
		(SELECT sid FROM calls WHERE account_id = $1 AND campaign_sid = $2 ORDER BY sid LIMIT $3)`,
	`DELETE FROM recordings WHERE account_id = $1 AND campaign_sid = $2 AND call_sid IN
		(SELECT sid FROM calls WHERE account_id = $1 AND campaign_sid = $2 ORDER BY sid LIMIT $3)`,
	`DELETE FROM calls WHERE account_id = $1 AND campaign_sid = $2 AND sid IN
		(SELECT sid FROM calls WHERE account_id = $1 AND campaign_sid = $2 ORDER BY sid LIMIT $3)`,
	`DELETE FROM targets WHERE account_id = $1 AND campaign_sid = $2 AND position IN
		(SELECT position FROM targets WHERE account_id = $1 AND campaign_sid = $2 LIMIT $3)`,
}

// Purge implements [dialer.Store].
func (d Dialing) Purge(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, limit int) (more bool, err error) {
	var row *campaignRow
	err = d.dial(ctx, l, account, "delete a campaign", func(t *tx) {
		row = nil
		t.lockCampaigns([]addressbook.SID{sid}, ` AND state = 8`, func(c *campaignRow) { row = c })
	}, func(t *tx) error {
		if row == nil {
			return campaign.ErrNotFound
		}
		left := int64(limit)
		for _, rows := range purged {
			t.queue(rows, account, (*sidValue)(&sid), left).Exec(func(tag pgconn.CommandTag) error {
				left -= tag.RowsAffected()
				return nil
			})
			if err := t.flush(); err != nil {
				return err
			}
		}
		if more = left == 0; !more {
			t.queue(`DELETE FROM campaigns WHERE account_id = $1 AND sid = $2`, account, (*sidValue)(&sid))
		}
		return nil
	})
	return more && err == nil, err
}
