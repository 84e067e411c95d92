package dialer

import (
	"context"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/event"
)

const (
	// recordEvery is how long news of calls gather, so that those of many calls are one
	// transaction, and only the last news of a call are written.
	recordEvery = 20 * time.Millisecond
	maxRecord   = 500
)

// record writes down what becomes of the account's calls. At the end of ctx it writes
// down what is known.
func (a *dialing) record(ctx context.Context) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
			defer cancel()
			for more := true; more && last.Err() == nil; {
				var err error
				if more, err = a.recordSome(last); err != nil {
					a.failed(last, err, "the last news of calls could not be recorded; the next server asks the carrier", false)
					return
				}
			}
			return
		case <-a.records:
		}
		select {
		case <-ctx.Done():
			continue
		case <-a.d.opts.Clock.Tick(recordEvery):
		}
		for more := true; more && ctx.Err() == nil; {
			var err error
			if more, err = a.recordSome(ctx); err != nil {
				if !a.failed(ctx, err, "news of calls could not be recorded; it will be tried again", failing) {
					return
				}
				more = false
				a.pause(ctx)
			}
			failing = err != nil
		}
	}
}

// recordSome records the news of some calls, and reports whether there are more.
func (a *dialing) recordSome(ctx context.Context) (more bool, err error) {
	taken := a.d.flights.take(a, maxRecord)
	if len(taken) == 0 {
		return false, nil
	}
	refs := make([]CallRef, len(taken))
	for i := range taken {
		refs[i] = taken[i].ref
	}
	var found []bool
	var heard news
	begin := func() { found, heard = make([]bool, len(taken)), make(news) }
	begin()
	err = a.d.store.Record(ctx, a.d.lease(), a.account.ID, refs, func(i int, c *campaign.Campaign, t *campaign.Target, call *campaign.Call) []event.Event {
		if found[i] { // the transaction is tried again
			begin()
		}
		found[i] = true
		events := a.note(&taken[i], c, t, call)
		heard.note(c, t)
		return events
	})
	if err != nil {
		a.d.flights.failed(taken)
		return false, err
	}
	a.d.flights.recorded(taken, func(i int) bool { return !found[i] })
	a.hear(heard)
	_, changed := a.d.flights.load(a)
	return changed > 0, nil
}

// note changes a call that has not ended, and its target, to what the carrier told.
func (a *dialing) note(f *flight, c *campaign.Campaign, t *campaign.Target, call *campaign.Call) (events []event.Event) {
	now := a.d.opts.Clock.Now()
	if f.unsent {
		c.Unclaim(t, a.d.now())
		call.State = 0
	} else {
		p := &f.known
		call.State, call.Rang, call.Answered, call.Digits = max(call.State, p.State), p.Rang, p.Answered, p.Digits
		if !p.Placed.IsZero() {
			call.Placed = p.Placed
		}
		if p.State != campaign.CallEnded {
			return nil
		}
		call.Ended, call.Outcome, call.Code, call.Cause, call.CauseText = p.Ended, p.Outcome, p.Code, p.Cause, p.CauseText
		c.Settle(t, call)
		events = a.render.CallEnded(c, call, now)
	}
	if t.State.Ended() {
		events = append(events, a.render.TargetEnded(c, t, now)...)
	}
	return events
}

// news are what follows from what was recorded, by campaign.
type news map[addressbook.SID]*follow

type follow struct {
	due   time.Time // when the first of the targets may be called again; zero for none
	quiet bool      // nobody waits and nobody is called
}

func (n news) note(c *campaign.Campaign, t *campaign.Target) {
	f := n[c.SID]
	if f == nil {
		f = &follow{}
		n[c.SID] = f
	}
	if t.State == campaign.Waiting && (f.due.IsZero() || t.Due.Before(f.due)) {
		f.due = t.Due
	}
	f.quiet = c.Counts.Waiting() == 0 && c.Counts.InFlight() == 0 || c.State.Ended() && c.Counts.InFlight() == 0
}

// hear lets the others know what follows.
func (a *dialing) hear(n news) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for sid, f := range n {
		if f.quiet {
			a.chores.wake()
		}
		r := a.runOf(sid)
		if r == nil || f.due.IsZero() {
			continue
		}
		r.news++
		if f.due.Before(r.due) {
			r.due = f.due
			a.places.wake()
		}
	}
}
