package dialer

import (
	"context"
	"math"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/event"
)

// batch is how many targets one transaction of the chores ends, recalls or deletes.
// expandBatch is how many the chores read before they look after the account's other
// campaigns.
const batch, expandBatch = 2000, 20_000

// doChores runs the chores until ctx ends or no campaign is open: it reads targets, and
// starts, ends and closes campaigns. Each campaign gets one batch at a time, so no
// campaign waits for the whole of another.
func (a *dialing) doChores(ctx context.Context) {
	failing := false
	for ctx.Err() == nil {
		more, done, err := a.doSome(ctx)
		if err != nil && !a.failed(ctx, err, "campaigns could not be worked; it will be tried again", failing) {
			return
		}
		failing = err != nil
		switch {
		case done:
			return
		case more && err == nil:
			continue
		}
		select {
		case <-ctx.Done():
		case <-a.chores:
		case <-a.d.opts.Calls.Tick(a.untilNext()):
		}
	}
}

// doSome does one batch of each campaign. More reports whether there is more to do now.
// Done reports that the account has no open campaign and no call in flight.
func (a *dialing) doSome(ctx context.Context) (more, done bool, err error) {
	if err := a.refresh(ctx); err != nil {
		return false, false, err
	}
	a.resolve(ctx)
	open := a.open()
	for i := range open {
		again, err := a.work(ctx, &open[i])
		if err != nil && !gone(err) {
			return false, false, err
		}
		more = more || again
	}
	inFlight, _ := a.d.flights.load(a)
	return more, len(open) == 0 && inFlight == 0, nil
}

// open returns the open campaigns as refresh last read them.
func (a *dialing) open() []campaign.Campaign {
	a.mu.Lock()
	defer a.mu.Unlock()
	open := make([]campaign.Campaign, len(a.runs))
	for i, r := range a.runs {
		open[i] = r.c
	}
	return open
}

// untilNext returns how long the chores may sleep: until a campaign begins or ends, but
// pollEvery at most.
func (a *dialing) untilNext() time.Duration {
	now := a.d.now()
	wait := pollEvery * time.Duration(a.d.opts.Speed)
	for _, c := range a.open() {
		at := c.EndAt
		if c.State == campaign.Created && now.Before(c.SendAt) {
			at = c.SendAt
		}
		if until := at.Sub(now); until > 0 {
			wait = min(wait, until)
		}
	}
	return wait
}

// work does the next batch of a campaign, and reports whether there is more to do now.
func (a *dialing) work(ctx context.Context, c *campaign.Campaign) (more bool, err error) {
	l, now := a.d.lease(), a.d.now()
	switch {
	case c.State == campaign.Deleted:
		return a.d.store.Purge(ctx, l, a.id, c.SID, batch)
	case c.State.Ended() && c.Expanded:
		return a.end(ctx, c)
	case !c.State.Ended() && !now.Before(c.EndAt):
		return true, a.change(ctx, c.SID, func(c *campaign.Campaign) []event.Event {
			if !c.State.Ended() && !now.Before(c.EndAt) {
				c.Expire(now)
			}
			return nil
		})
	case !c.Expanded && (c.State.Ended() || a.begins(c, now)):
		// The targets of a campaign that has ended are read too, so that its counts add up.
		_, err := a.d.store.Expand(ctx, l, a.id, c.SID, now, expandBatch, a.varsOf(c))
		return true, err
	case c.Expanded && c.Started.IsZero():
		return true, a.change(ctx, c.SID, func(c *campaign.Campaign) []event.Event {
			if c.State.Ended() || !c.Started.IsZero() {
				return nil
			}
			c.Start(now)
			return a.render().Started(c, a.d.opts.Clock.Now())
		})
	case c.Expanded && a.unasked(c.SID) < c.Counts.Targets():
		return true, a.askAgain(ctx, c.SID, now)
	case quiet(c):
		return true, a.change(ctx, c.SID, func(c *campaign.Campaign) []event.Event {
			if !c.State.Ended() && quiet(c) {
				c.End(c.Final(), now)
			}
			return nil
		})
	}
	return false, nil
}

// unasked returns run.unasked of a campaign.
func (a *dialing) unasked(sid addressbook.SID) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r := a.runOf(sid); r != nil {
		return r.unasked
	}
	return math.MaxInt
}

// askAgain makes the next postponed targets due, so that the gate decides about them again.
// The chores call it after the account has changed its rules, and after this server has
// taken over the account, because the rules may have changed before.
func (a *dialing) askAgain(ctx context.Context, sid addressbook.SID, now time.Time) error {
	a.mu.Lock()
	r := a.runOf(sid)
	a.mu.Unlock()
	select {
	case r.section <- struct{}{}:
		defer func() { <-r.section }()
	case <-ctx.Done():
		return nil
	}
	if err := a.d.store.Recall(ctx, a.d.lease(), a.id, sid, now, r.unasked, batch); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	r.unasked += batch
	r.due = time.Time{}
	r.news++
	a.places.wake()
	return nil
}

// begins reports whether it is time to read a campaign's targets. Once reading has begun,
// it goes on even while the campaign is paused, so that all lists are read at about the
// same time.
func (a *dialing) begins(c *campaign.Campaign, now time.Time) bool {
	return c.State == campaign.Created && !now.Before(c.SendAt) || c.Counts.Targets() > 0
}

// quiet reports whether a campaign has nothing left to do.
func quiet(c *campaign.Campaign) bool {
	return c.Expanded && !c.Started.IsZero() && c.Counts.Waiting() == 0 && c.Counts.InFlight() == 0
}

// end ends the targets of a campaign that has ended: each that still waits gets its final
// state. After the last call has ended, it closes the campaign.
func (a *dialing) end(ctx context.Context, c *campaign.Campaign) (more bool, err error) {
	more, err = a.d.store.Sweep(ctx, a.d.lease(), a.id, c.SID, batch, func(c *campaign.Campaign, t *campaign.Target) []event.Event {
		c.Leave(t)
		return a.tell(a.render().TargetEnded(c, t, a.d.opts.Clock.Now()))
	})
	a.committed()
	if err != nil || more || c.Counts.InFlight() > 0 {
		return more, err
	}
	url := ""
	if a.d.opts.ReportURL != nil {
		if url, err = a.d.opts.ReportURL(ctx, a.acct(), c.SID); err != nil {
			return false, err
		}
	}
	return false, a.change(ctx, c.SID, func(c *campaign.Campaign) []event.Event {
		if c.Closed || !c.State.Ended() || c.Counts.InFlight() > 0 {
			return nil
		}
		c.Closed = true
		return a.render().Closed(c, url, a.d.opts.Clock.Now())
	})
}

// change applies a rule to an open campaign in the store.
func (a *dialing) change(ctx context.Context, sid addressbook.SID, rule CampaignRule) error {
	defer a.committed()
	return a.d.store.ChangeOpen(ctx, a.d.lease(), a.id, sid, func(c *campaign.Campaign) []event.Event { return a.tell(rule(c)) })
}
