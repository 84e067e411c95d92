package dialer

import (
	"context"
	"errors"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/event"
	"callbook/internal/phone"
)

const (
	// placeWithin is how long after its claim a call may still leave. When somebody
	// pauses a campaign, other servers rely on it.
	placeWithin = time.Second
	// maxClaim is how many calls one transaction claims.
	maxClaim = 500
	// These bound an account's calls in flight, and those among them that wait to be
	// recorded.
	maxInFlight, maxChanged = 20_000, 5_000
	// crowded is how long to claim nothing after one of these bounds is reached.
	crowded = 20 * time.Millisecond
	// longest is how long to wait for a campaign that has no known time for its next
	// call.
	longest = time.Minute
)

// placeAll places the account's calls at their times, until ctx ends.
func (a *dialing) placeAll(ctx context.Context) {
	failing := false
	for ctx.Err() == nil {
		wait, err := a.placeSome(ctx)
		if err != nil {
			if !a.failed(ctx, err, "calls could not be claimed; it will be tried again", failing) {
				return
			}
			a.pause(ctx)
		}
		failing = err != nil
		if wait <= 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-a.places:
		case <-a.d.opts.Calls.Tick(wait):
		}
	}
}

// placeSome places the calls of one campaign that are due. It returns how long to wait
// before calling it again.
func (a *dialing) placeSome(ctx context.Context) (time.Duration, error) {
	if inFlight, changed := a.d.flights.load(a); inFlight >= maxInFlight || changed >= maxChanged {
		return crowded, nil
	}
	if a.doubt {
		if err := a.recover(ctx); err != nil {
			return 0, err
		}
		a.doubt = false
	}
	now := a.d.now()
	if wait := a.hold.Sub(now); wait > 0 {
		return wait, nil
	}
	t, wait := a.nextTurn(now)
	if t.run == nil {
		return wait, nil
	}
	return 0, a.place(ctx, t)
}

// place claims calls of a campaign and hands them to the carrier.
func (a *dialing) place(ctx context.Context, t turn) error {
	select {
	case t.section <- struct{}{}:
		defer func() { <-t.section }()
	case <-ctx.Done():
		return nil
	}
	a.mu.Lock()
	// The section is locked, so no target is postponed by old rules after askAgain has
	// recalled those targets.
	t.policy = a.policy
	a.mu.Unlock()
	claimed, now := a.d.opts.Clock.Now(), a.d.now()
	q := ClaimQuery{Now: now, Limit: t.limit, Scan: min(page, max(2*t.limit, 100))}
	if g := a.d.opts.Gate; g != nil && t.policy.DailyCap > 0 {
		q.DayOf = func(n phone.Number) (from, until time.Time) { return g.DayOf(n, now) }
	}
	var silent time.Time
	dials, err := a.d.store.Claim(ctx, a.d.lease(), a.id, t.campaign.SID, q, func(c *campaign.Campaign, to *campaign.Target, callee Callee) (*campaign.Call, []event.Event) {
		call, events := a.admit(ctx, now, &silent, &t.policy, c, to, callee)
		return call, a.tell(events)
	})
	a.committed()
	if err != nil {
		if gone(err) {
			a.waitFor(t.run, now.Add(longest), t.known)
			a.chores.wake()
			return nil
		}
		a.doubt = true
		return err
	}
	t.pace.use(now, len(dials))
	a.pace.use(now, len(dials))
	for i := range dials {
		a.send(ctx, &t, &dials[i], claimed)
	}
	if !silent.IsZero() {
		t.hold = silent
	}
	if len(dials) < t.limit {
		return a.readDue(ctx, &t, now)
	}
	return nil
}

// waitFor postpones a campaign's next call to the time due. It does nothing if run.news
// has changed since it was known, because then due may be wrong.
func (a *dialing) waitFor(r *run, due time.Time, known int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.news == known {
		r.due, r.idle = due, true
	}
}

// readDue finds when the campaign may make its next call, after a claim that found fewer
// targets than its limit.
func (a *dialing) readDue(ctx context.Context, t *turn, claimed time.Time) error {
	due, waits, err := a.d.store.NextDue(ctx, a.id, t.campaign.SID)
	switch {
	case err != nil:
		return err
	case !waits:
		due = claimed.Add(longest) // hear sets an earlier time when a target has to be called again
	case !due.After(claimed):
		// A target is still due: the claim did not reach it, or somebody has paused or
		// ended the campaign and this server has not read that yet.
		due = a.d.now().Add(crowded)
		a.chores.wake()
	}
	a.waitFor(t.run, due, t.known)
	return nil
}

// send hands a claimed call to the carrier. It takes the claim back if the call may not
// leave any more.
func (a *dialing) send(ctx context.Context, t *turn, dial *Dial, claimed time.Time) {
	call := &dial.Call
	order := a.orderOf(&t.campaign, call, dial.Target.Vars)
	now := a.d.now()
	a.d.flights.add(&flight{
		a: a, ref: CallRef{Campaign: t.campaign.SID, Call: call.SID}, asked: carrier.Asked{Order: order, Placed: call.Placed}, askAt: now.Add(patience),
	})
	if ctx.Err() != nil || a.d.opts.Clock.Now().Sub(claimed) > placeWithin || !now.Before(t.campaign.EndAt) || now.Before(a.hold) || now.Before(t.hold) {
		a.d.flights.takeBack(call.SID, time.Time{})
		return
	}
	err := a.d.carrier.Place(ctx, order)
	now = a.d.now()
	if err != nil {
		a.warn(ctx, err)
	}
	var notSent *carrier.NotSentError
	if errors.As(err, &notSent) {
		var due time.Time
		switch until := now.Add(notSent.After); {
		case notSent.Number:
			due = until
		case notSent.Only:
			t.hold = until
		default:
			a.hold = until
		}
		a.d.flights.takeBack(call.SID, due)
		return
	}
	t.pace.left(now)
	a.pace.left(now)
	if err != nil {
		a.d.flights.doubt(call.SID)
		a.chores.wake()
		return
	}
	a.d.flights.tell(carrier.Progress{Call: call.SID, State: campaign.Dialed, Placed: now})
}

// warn logs an error of the carrier, once a minute at most.
func (a *dialing) warn(ctx context.Context, err error) {
	now := a.d.opts.Clock.Now()
	if ctx.Err() == nil && now.Sub(a.warned) >= time.Minute {
		a.d.opts.Log.Warn("the carrier did not take a call; it will be tried again", "account", a.acct().SID, "error", err)
		a.warned = now
	}
}
