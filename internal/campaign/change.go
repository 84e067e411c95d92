package campaign

import (
	"context"
	"reflect"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// Update changes a campaign: it performs the draft's Action or changes settings. After a
// pause it returns when no call can leave any more; see [Dialer]. Ready may be nil.
func (cs *Campaigns) Update(ctx context.Context, acct account.Account, sid addressbook.SID, d *Draft, ready journal.Ready[*Campaign]) (*Campaign, error) {
	c, err := cs.update(ctx, acct, sid, d, ready)
	for tries := 1; err == errMeanwhile && tries < maxTries; tries++ {
		c, err = cs.update(ctx, acct, sid, d, ready)
	}
	if err != nil {
		return nil, err
	}
	cs.dialer.Wake(acct.ID)
	if action := Action(orZero(d.Action)); action == Pause || action == Complete {
		cs.dialer.Settled(ctx, acct.ID, sid)
	}
	return c, nil
}

// maxTries is how often to try a change while others change the same campaign.
const maxTries = 5

// update tries a change once. It reads what the new settings are checked against before
// its transaction. So it refuses the change with errMeanwhile if the campaign has changed
// in between.
func (cs *Campaigns) update(ctx context.Context, acct account.Account, sid addressbook.SID, d *Draft, ready journal.Ready[*Campaign]) (after *Campaign, err error) {
	seen, err := cs.store.Campaign(ctx, acct.ID, sid)
	if err != nil {
		return nil, err
	}
	policy, err := cs.store.Policy(ctx, acct.ID)
	if err != nil {
		return nil, err
	}
	now := cs.clock.Now()
	s, err := cs.changed(ctx, acct, seen, d, now)
	if err != nil {
		return nil, err
	}
	changed := 0
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(c *Campaign) audit.Change {
		return audit.Change{Action: audit.CampaignsUpdate, Object: sid.String(), Fields: d.fields(), Done: changed}
	})
	err = cs.store.ChangeCampaign(ctx, acct.ID, sid, func(c *Campaign, others Running) error {
		changed = 0
		if c.State != seen.State || c.started(now) != seen.started(now) || !c.Updated.Equal(seen.Updated) {
			return errMeanwhile
		}
		after = c
		if d.Action.Given {
			if err := c.Do(Action(orZero(d.Action)), now); err != nil {
				return err
			}
			changed = 1
		} else if s.Throttle != c.Throttle {
			if err := checkThrottle(s.Throttle, others, &policy); err != nil {
				return err
			}
		}
		if !reflect.DeepEqual(c.Settings, s) {
			c.Settings = s
			c.touch(now)
			changed = 1
		}
		return nil
	}, ready)
	return after, err
}

// errMeanwhile means that a campaign has changed between two transactions.
var errMeanwhile = fault.New(fault.Changed, "The campaign was changed meanwhile")

// changed returns the new settings of a campaign. A change with an action can change only
// the callbacks and, if it resumes the campaign, the schedule.
func (cs *Campaigns) changed(ctx context.Context, acct account.Account, c *Campaign, d *Draft, now time.Time) (Settings, error) {
	action := d.Action.Given
	if action {
		callbacks := Draft{CallStatusCallback: d.CallStatusCallback, CallScheduleCallback: d.CallScheduleCallback, StatusCallback: d.StatusCallback}
		if Action(orZero(d.Action)) == Resume && c.State == Paused {
			callbacks.Schedule = d.Schedule
		}
		d = &callbacks
	}
	k := checker{ctx: ctx, book: cs.book, acct: acct, draft: d, now: now, s: c.Settings, started: action || c.started(now), movable: c.State == Paused, flowThere: cs.flowThere, mayShow: cs.mayShow}
	return k.run()
}

// started reports whether the campaign's settings must not change any more, because its
// time has come or its lists are being read. A campaign that was paused before its time has
// not started.
func (c *Campaign) started(now time.Time) bool {
	return c.Expanded || c.State.Ended() || c.Counts.Targets() > 0 || c.State == Created && !now.Before(c.SendAt)
}

// Delete deletes a campaign that has not started, and returns its last state. Ready may
// be nil.
func (cs *Campaigns) Delete(ctx context.Context, acct account.Account, sid addressbook.SID, ready journal.Ready[*Campaign]) (*Campaign, error) {
	var after *Campaign
	now := cs.clock.Now()
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(*Campaign) audit.Change {
		return audit.Change{Action: audit.CampaignsDelete, Object: sid.String(), Done: 1}
	})
	err := cs.store.ChangeCampaign(ctx, acct.ID, sid, func(c *Campaign, _ Running) error {
		after = c
		return c.Delete(now)
	}, ready)
	if err != nil {
		return nil, err
	}
	cs.dialer.Wake(acct.ID)
	return after, nil
}
