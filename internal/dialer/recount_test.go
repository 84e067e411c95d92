package dialer_test

import (
	"time"

	"callbook/internal/campaign"
	"callbook/internal/carrier/simulator"
	"callbook/internal/event"
)

// check holds the counts of all campaigns against their targets, and looks at those that
// were closed.
func (w *world) check() {
	w.t.Helper()
	for _, p := range w.plans {
		if p.checked {
			continue
		}
		c, err := w.set.Campaigns.Campaign(w.t.Context(), w.acct.ID, p.sid)
		if err != nil {
			w.t.Fatal(err)
		}
		targets, err := w.set.Campaigns.Targets(w.t.Context(), w.acct.ID, p.sid, campaign.TargetQuery{After: -1, Limit: 100})
		if err != nil {
			w.t.Fatal(err)
		}
		if !w.bubble() && !c.Closed {
			continue // since it goes on meanwhile
		}
		if got := recount(c, targets.Targets); got != c.Counts {
			w.t.Errorf("%v: the counts of %v are\n%+v, but there are\n%+v", w.clock.Now(), p.sid, c.Counts, got)
		}
		if got, want := minutesOf(c, targets.Targets, w.clock.Now()); got != want {
			w.t.Errorf("%v: the calls of %v by minute are\n%v, but there are\n%v", w.clock.Now(), p.sid, got, want)
		}
		if c.Expanded && len(targets.Targets) != len(p.numbers) {
			w.t.Errorf("%v has %d targets, want %d", p.sid, len(targets.Targets), len(p.numbers))
		}
		if c.Closed {
			p.checked = true
			w.closed(p, c, targets.Targets)
		}
	}
}

// recount counts the targets of a campaign.
func recount(c *campaign.Campaign, targets []campaign.Target) (n campaign.Counts) {
	for i := range targets {
		t := &targets[i]
		again := len(t.History) > 0
		switch c.Result(t) {
		case campaign.Waiting:
			if again {
				n.Retry++
			} else {
				n.New++
			}
		case campaign.Calling:
			if len(t.History) > 1 {
				n.Retrying++
			} else {
				n.First++
			}
		case campaign.TargetReached:
			n.Reached++
		case campaign.TargetFailed:
			n.Failed++
		case campaign.Suppressed:
			n.Suppressed++
		case campaign.InvalidNumber:
			n.Invalid++
		case campaign.NotAttempted:
			n.NotAttempted++
		}
		if again {
			n.Called++
		}
		n.Calls += len(t.History)
		for _, a := range t.History {
			if a.Outcome != 0 {
				n.EndCall(a.Outcome)
			}
		}
	}
	return n
}

// minutesOf returns the calls of the last minutes as the campaign has them, and as they
// are.
func minutesOf(c *campaign.Campaign, targets []campaign.Target, now time.Time) (has, are [campaign.PlotMinutes]int) {
	since, has := c.Minutes.Until(now)
	for i := range targets {
		for _, a := range targets[i].History {
			if at := a.Call.Time(); !at.Before(since) {
				are[at.Sub(since)/time.Minute]++
			}
		}
	}
	return has, are
}

// closed checks a campaign to which nothing more is to happen.
func (w *world) closed(p *plan, c *campaign.Campaign, targets []campaign.Target) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	want := map[what]int{{kind: event.Status, position: event.Whole, last: true}: 1}
	if !c.Started.IsZero() {
		want[what{kind: event.Status, position: event.Whole}] = 1
	}
	for i := range targets {
		t := &targets[i]
		faults := 0
		for _, a := range t.History {
			if a.Outcome == campaign.TrunkFailed {
				faults++
			}
		}
		if !t.State.Ended() || t.Ended.IsZero() || len(t.History) > p.calls+min(faults, campaign.MaxFaults) {
			w.t.Errorf("a target of a campaign that is closed is %+v", t)
		}
		if !w.mayRefuse(t) {
			w.t.Errorf("%v: a target was not called for a reason that there never was: %+v", p.sid, t)
		}
		want[what{kind: event.CallSchedule, position: t.Position}] = 1
		for _, a := range t.History {
			if a.Outcome == 0 {
				w.t.Errorf("a call of a campaign that is closed is in flight: %+v", t)
			}
			want[what{kind: event.CallStatus, call: a.Call, position: t.Position}] = 1
		}
	}
	got := w.events[p.sid]
	for e, n := range want {
		if got[e] != n {
			w.t.Errorf("%v: the event %+v was stored %d times", p.sid, e, got[e])
		}
	}
	if len(got) != len(want) {
		w.t.Errorf("%v: there are %d events, want %d", p.sid, len(got), len(want))
	}
	if !c.State.Ended() || c.Ended.IsZero() || c.Counts.Waiting()+c.Counts.InFlight() != 0 {
		w.t.Errorf("a campaign that is closed is %+v", c)
	}
}

// finish lets all campaigns end, without faults.
func (w *world) finish() {
	w.process.kill(-1)
	w.process.setFlaky(0)
	w.process.SetFaults(simulator.Faults{})
	w.locked(func() { w.manner = answers })
	for i := 0; i < 400 && w.open(); i++ {
		w.sleep(10 * time.Second)
		w.restart()
		w.check()
		w.late()
	}
	w.delivered()
	for _, p := range w.plans {
		if !p.checked {
			c, err := w.set.Campaigns.Campaign(w.t.Context(), w.acct.ID, p.sid)
			w.t.Errorf("%v is not closed at the end: %+v, %v", p.sid, c, err)
		}
	}
	w.process.stop()
	w.countDelivered()
	if err := w.set.Close(); err != nil {
		w.t.Error(err)
	}
	failed := 0
	for _, p := range w.plans {
		for _, n := range p.faults {
			failed += n
		}
	}
	w.t.Logf("%d campaigns, %d calls to %d numbers, of which trunks failed %d, %d events", len(w.plans), len(w.calls), len(w.byNumber), failed, len(w.acknowledged))
}
