package dialer

import (
	"context"
	"math"
	"slices"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/event"
)

// readPaces reads the calls of the last minute, which another server may have placed, so
// that the pace holds across a takeover.
func (a *dialing) readPaces(ctx context.Context) error {
	now := a.d.now()
	since, err := a.d.store.CallsSince(ctx, a.id, now.Add(-window-a.latest()))
	if err != nil {
		return err
	}
	a.pace, a.paces = newPace(campaign.DefaultCallsAMinute, now), make(map[addressbook.SID]pace)
	for sid, claimed := range since {
		p := newPace(campaign.DefaultCallsAMinute, now)
		for _, at := range claimed {
			if a.d.Real() && at.Sub(now) > window {
				continue // of an earlier simulation, which was ahead of the clock
			}
			// The store does not tell when the call left. This is the latest time at
			// which it can have.
			if at = at.Add(a.latest()); at.After(now) {
				at = now
			}
			p.left(at)
			a.pace.left(at)
		}
		a.paces[sid] = p
	}
	slices.Sort(a.pace.sent)
	return nil
}

// latest is placeWithin by the clock of the calls: no call leaves later than that after
// its claim.
func (a *dialing) latest() time.Duration { return placeWithin * time.Duration(a.d.opts.Speed) }

// refresh reads the account, its open campaigns and its policy.
func (a *dialing) refresh(ctx context.Context) error {
	acct, err := a.d.store.Account(ctx, a.id)
	if err != nil {
		return err
	}
	a.owner.Store(&owner{acct, event.NewRenderer(acct)})
	open, err := a.d.store.OpenCampaigns(ctx, a.id)
	if err != nil {
		return err
	}
	policy, err := a.d.store.Policy(ctx, a.id)
	if err != nil {
		return err
	}
	flows, err := a.readFlows(ctx, open, a.flows) // which only this function changes
	if err != nil {
		return err
	}
	if a.d.Real() {
		policy = policy.Over(campaign.Defaults(a.acct()))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.policy.SameRules(&policy) {
		for _, r := range a.runs {
			r.unasked = 0
		}
	}
	a.policy, a.flows, a.stopped = policy, flows, acct.Refusal() != nil
	runs := make([]*run, 0, len(open))
	for i := range open {
		r := a.runOf(open[i].SID)
		if r == nil {
			r = &run{section: make(chan struct{}, 1), pace: newPace(1, a.d.now()), idle: true}
			r.c.CallingHours = open[i].CallingHours
			if p, ok := a.paces[open[i].SID]; ok {
				r.pace = p
			}
			if open[i].Started.IsZero() {
				r.unasked = math.MaxInt // the gate has not postponed any target yet
			}
		}
		if !r.c.CallingHours.Same(open[i].CallingHours) {
			r.unasked = 0
		}
		if r.c.State != open[i].State {
			r.due = time.Time{}
			r.news++
		}
		r.c = open[i]
		runs = append(runs, r)
	}
	a.runs = runs
	a.places.wake()
	return nil
}
