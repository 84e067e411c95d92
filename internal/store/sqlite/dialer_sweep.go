package sqlite

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/work"
)

// Sweep implements [dialer.Store].
func (s *Campaigns) Sweep(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, limit int, rule dialer.TargetRule) (more bool, err error) {
	err = s.dialFor(ctx, l, account, sid, limit, "end the targets of a campaign", func(tx *editTx, row *campaignRow) (err error) {
		more = false
		if row.State.Ended() {
			more, err = tx.sweep(row, limit, rule)
		}
		return err
	})
	return more && err == nil, err
}

func (tx *editTx) sweep(row *campaignRow, limit int, rule dialer.TargetRule) (more bool, err error) {
	var targets []campaign.Target
	err = tx.each(`SELECT `+targetColumns+` FROM targets AS t INDEXED BY targets_due WHERE t.campaign_id = ? AND t.due IS NOT NULL
		ORDER BY t.due, t.position LIMIT ?`, func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, row.id)
		stmt.BindInt64(2, int64(limit))
	}, func(stmt *sqlite.Stmt) error {
		t, err := scanTarget(stmt, 0)
		targets = append(targets, t)
		return err
	})
	if err != nil {
		return false, err
	}
	var events []event.Event
	for i := range targets {
		events = append(events, rule(&row.Campaign, &targets[i])...)
		if err := tx.updateTarget(row, &targets[i]); err != nil {
			return false, err
		}
	}
	return len(targets) == limit, tx.insertEvents(events)
}

// Recall implements [dialer.Store].
func (s *Campaigns) Recall(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, now time.Time, from, limit int) error {
	return s.dialFor(ctx, l, account, sid, limit, "ask about targets again", func(tx *editTx, row *campaignRow) error {
		err := tx.exec(`UPDATE targets SET due = ?2 WHERE campaign_id = ?1 AND position >= ?3 AND position < ?4 AND reason <> 0 AND due > ?2`,
			row.id, now.UnixNano(), from, from+limit)
		tx.bytes += targetBytes * tx.Changes()
		return err
	})
}

// purged are the statements that delete rows of a campaign, each up to a limit. The
// dialogs and recordings are those of the calls that go next. A campaign that has not started has no
// events.
var purged = []string{
	`DELETE FROM dialogs WHERE call_sid IN (SELECT sid FROM calls WHERE campaign_id = ?1 ORDER BY sid LIMIT ?2)`,
	`DELETE FROM recordings WHERE campaign_id = ?1 AND call_sid IN (SELECT sid FROM calls WHERE campaign_id = ?1 ORDER BY sid LIMIT ?2)`,
	`DELETE FROM calls WHERE campaign_id = ?1 AND sid IN (SELECT sid FROM calls WHERE campaign_id = ?1 ORDER BY sid LIMIT ?2)`,
	`DELETE FROM targets WHERE campaign_id = ?1 AND position IN (SELECT position FROM targets WHERE campaign_id = ?1 LIMIT ?2)`,
}

// Purge implements [dialer.Store].
func (s *Campaigns) Purge(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, limit int) (more bool, err error) {
	err = s.dial(ctx, l, account, limit, "delete a campaign", func(tx *editTx) (err error) {
		more, err = tx.purgeCampaign(sid, limit)
		return err
	})
	return more && err == nil, err
}

func (tx *editTx) purgeCampaign(sid addressbook.SID, left int) (more bool, err error) {
	row, err := readCampaign(tx.Conn, tx.edit.account, sid, " AND state = 8")
	if err == errNoRow {
		return false, tx.refuse(campaign.ErrNotFound)
	}
	if err != nil {
		return false, err
	}
	for _, rows := range purged {
		if left == 0 {
			return true, nil
		}
		if err := tx.exec(rows, row.id, left); err != nil {
			return false, err
		}
		tx.bytes += targetBytes * tx.Changes()
		left -= tx.Changes()
	}
	if left == 0 {
		return true, nil
	}
	tx.bytes += pageBytes
	return false, tx.exec(`DELETE FROM campaigns WHERE id = ?`, row.id)
}
