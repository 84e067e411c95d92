package dialer

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/event"
)

const (
	// recordEvery is how long the carrier's reports are gathered. Then the reports of many
	// calls share a transaction, which writes only the last report of each call.
	recordEvery = 20 * time.Millisecond
	maxRecord   = 500
)

// record stores what the carrier reports of the account's calls. When ctx ends, it stores
// the reports that are left.
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

// recordSome stores the reports of some calls. More reports whether there are more.
func (a *dialing) recordSome(ctx context.Context) (more bool, err error) {
	taken := a.d.flights.take(a, maxRecord)
	if len(taken) == 0 {
		return false, nil
	}
	refs := make([]CallRef, len(taken))
	for i := range taken {
		refs[i] = taken[i].ref
	}
	recordingURL, err := a.recordingURL(ctx)
	if err != nil {
		a.d.flights.failed(taken)
		return false, err
	}
	var found []bool
	var heard news
	begin := func() { found, heard = make([]bool, len(taken)), make(news) }
	begin()
	err = a.d.store.Record(ctx, a.d.lease(), a.id, refs, func(i int, c *campaign.Campaign, t *campaign.Target, call *campaign.Call) []event.Event {
		if found[i] { // the store has retried the transaction
			begin()
		}
		found[i] = true
		events := a.note(&taken[i], c, t, call, recordingURL)
		heard.note(c, t)
		return a.tell(events)
	})
	a.committed()
	if err != nil {
		a.d.flights.failed(taken)
		return false, err
	}
	a.d.flights.recorded(taken, func(i int) bool { return !found[i] })
	for i := range taken {
		if found[i] && !taken[i].unsent && taken[i].known.State == campaign.CallEnded {
			a.d.opts.Ended(taken[i].known.Outcome)
		}
	}
	a.hear(heard)
	_, changed := a.d.flights.load(a)
	return changed > 0, nil
}

// note applies the carrier's report to a call that has not ended, and to its target. It
// keeps the stored values of fields that the report does not have.
func (a *dialing) note(f *flight, c *campaign.Campaign, t *campaign.Target, call *campaign.Call, recordingURL func(campaign, call addressbook.SID) string) (events []event.Event) {
	now := a.d.opts.Clock.Now()
	if f.unsent {
		due := a.d.now()
		if f.due.After(due) {
			due = f.due
		}
		c.Unclaim(t, due)
		call.State = 0
	} else {
		p := &f.known
		call.State = max(call.State, p.State)
		call.Placed, call.Rang, call.Answered = cmp.Or(p.Placed, call.Placed), cmp.Or(p.Rang, call.Rang), cmp.Or(p.Answered, call.Answered)
		call.Digits = cmp.Or(p.Digits, call.Digits)
		if p.State != campaign.CallEnded {
			return nil
		}
		call.Ended, call.Outcome, call.Code, call.Cause, call.CauseText = p.Ended, p.Outcome, p.Code, p.Cause, p.CauseText
		call.Mark = p.Mark
		if p.Suppressed {
			call.Suppress = fmt.Sprintf("asked in flow %s of campaign %s", c.FlowName(), c.SID)
		}
		c.Settle(t, call)
		url := ""
		if call.Recording > 0 {
			url = recordingURL(c.SID, call.SID)
		}
		events = a.render().CallEnded(c, call, url, now)
	}
	if t.State.Ended() {
		events = append(events, a.render().TargetEnded(c, t, now)...)
	}
	return events
}

// recordingURL returns the function that makes the URLs of recordings.
func (a *dialing) recordingURL(ctx context.Context) (func(campaign, call addressbook.SID) string, error) {
	if a.d.opts.RecordingURL == nil {
		return func(_, _ addressbook.SID) string { return "" }, nil
	}
	return a.d.opts.RecordingURL(ctx, a.acct())
}

// news has what follows from recorded calls, by campaign.
type news map[addressbook.SID]*follow

type follow struct {
	due   time.Time // when the first of the targets may be called again; zero if none may
	quiet bool      // no call is in flight, and no target waits or the campaign has ended
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

// hear wakes the goroutines that have to act on the news.
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
