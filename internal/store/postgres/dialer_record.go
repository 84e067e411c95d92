package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/suppression"
	"callbook/internal/work"
)

// Record implements [dialer.Store].
func (db *DB) Record(ctx context.Context, l work.Lease, account account.ID, calls []dialer.CallRef, rule dialer.RecordRule) error {
	var r *recorder
	return db.dial(ctx, l, account, "record calls", func(t *tx) {
		r = &recorder{tx: t}
		r.queueRead(calls)
	}, func(*tx) error { return r.run(calls, rule) })
}

// recorder is the state of one call of Record.
type recorder struct {
	*tx
	campaigns map[addressbook.SID]*campaignRow
	calls     map[dialer.CallRef]*recordedCall
}

// recordedCall is a call that has not ended, and its target.
type recordedCall struct {
	campaign.Call
	target    targetRow
	was       campaign.Call
	targetWas campaign.Target
	recorded  int // samples so far
}

// over reports whether the call has ended or its claim was taken back.
func (c *recordedCall) over() bool { return c.State == campaign.CallEnded || c.State == 0 }

// queueRead queues the queries for the calls that have not ended, their targets and their
// campaigns. It locks the campaigns first.
func (r *recorder) queueRead(refs []dialer.CallRef) {
	r.campaigns, r.calls = make(map[addressbook.SID]*campaignRow), make(map[dialer.CallRef]*recordedCall)
	of, wanted := make(sidColumn, len(refs)), make(sidColumn, len(refs))
	var campaigns []addressbook.SID
	for i := range refs {
		of[i], wanted[i] = (*sidValue)(&refs[i].Campaign), (*sidValue)(&refs[i].Call)
		if _, ok := r.campaigns[refs[i].Campaign]; !ok {
			r.campaigns[refs[i].Campaign] = nil
			campaigns = append(campaigns, refs[i].Campaign)
		}
	}
	r.lockCampaigns(campaigns, "", func(c *campaignRow) { r.campaigns[c.SID] = c })
	r.queue(`SELECT `+targetColumns+`, `+callColumns+`, (SELECT coalesce(sum(octet_length(sound)), 0) FROM recordings AS r
				WHERE r.account_id = $1 AND r.campaign_sid = wanted.campaign_sid AND r.call_sid = wanted.sid)
		FROM unnest($2::uuid[], $3::uuid[]) AS wanted (campaign_sid, sid)
		CROSS JOIN LATERAL (SELECT * FROM calls WHERE calls.account_id = $1 AND calls.campaign_sid = wanted.campaign_sid AND calls.sid = wanted.sid
			AND calls.state < 5 OFFSET 0) AS calls
		CROSS JOIN LATERAL (SELECT * FROM targets WHERE targets.account_id = $1 AND targets.campaign_sid = calls.campaign_sid
			AND targets.position = calls.position OFFSET 0) AS targets`, r.account, of, wanted).Query(func(rows pgx.Rows) (err error) {
		for rows.Next() {
			c := new(recordedCall)
			if c.target, err = scanTarget(rows, append(intoCall(&c.Call), &c.recorded)...); err != nil {
				return err
			}
			c.was, c.targetWas = c.Call, c.target.Target
			r.calls[dialer.CallRef{Campaign: c.Campaign, Call: c.SID}] = c
		}
		return rows.Err()
	})
}

// run calls the rule for each call, and queues the updates.
func (r *recorder) run(refs []dialer.CallRef, rule dialer.RecordRule) error {
	before := make(map[addressbook.SID]progress, len(r.campaigns))
	for sid, c := range r.campaigns {
		if c != nil {
			before[sid] = progressOf(c)
		}
	}
	var events []event.Event
	for i, ref := range refs {
		c := r.calls[ref]
		if c == nil || c.over() {
			continue
		}
		c.Recording = c.recorded
		events = append(events, rule(i, &r.campaigns[ref.Campaign].Campaign, &c.target.Target, &c.Call)...)
		if c.State != campaign.CallEnded {
			c.Recording = c.was.Recording
		}
	}
	for sid, was := range before {
		if c := r.campaigns[sid]; progressOf(c) != was {
			r.saveProgress(c)
		}
	}
	r.saveCalls()
	r.suppress()
	r.insertEvents(events)
	return nil
}

// suppress adds the suppressions that callees have asked for, if they are new.
func (r *recorder) suppress() {
	var all []suppression.Suppression
	var at []int
	for _, c := range r.calls {
		if c.Suppress != "" {
			at = append(at, len(all))
			all = append(all, suppression.Suppression{Number: c.Number, Source: suppression.FromCall, Note: c.Suppress, Created: c.Ended})
		}
	}
	if len(all) == 0 {
		return
	}
	// Insert in the order of the numbers, as all transactions do, to avoid deadlocks.
	slices.SortFunc(all, func(a, b suppression.Suppression) int { return cmp.Compare(a.Number, b.Number) })
	r.insertSuppressions(all, at, func(*suppression.Suppression) {})
}

// saveCalls queues the updates of the changed calls and targets.
func (r *recorder) saveCalls() {
	var targets []*targetRow
	var changed, deleted []*campaign.Call
	for _, c := range r.calls {
		switch {
		case c.State == 0:
			deleted = append(deleted, &c.Call)
		case c.Call != c.was:
			changed = append(changed, &c.Call)
		}
		if c.target.moved(&c.targetWas) {
			targets = append(targets, &c.target)
		}
	}
	r.updateTargets(targets)
	r.updateCalls(changed)
	r.deleteCalls(deleted)
}
