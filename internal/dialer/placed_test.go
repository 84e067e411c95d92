package dialer_test

import (
	"slices"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/event"
	"callbook/internal/phone"
)

// placed is called when a call has left, and holds it against the model.
func (w *world) placed(o carrier.Order) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, claimed, p := w.clock.Now(), o.Call.Time(), w.claims[o.Call]
	if p == nil {
		w.t.Errorf("%v: a call was placed that nobody has claimed: %+v", now, o)
		return
	}
	p.called[o.To]++
	p.times, w.times = append(p.times, now), append(w.times, now)
	most := p.calls + min(p.faults[o.To], campaign.MaxFaults)
	at, suppressed := w.suppressed[o.To]
	for what, wrong := range map[string]bool{
		"in a pause":                        p.paused,
		"of a campaign that has ended":      p.over,
		"outside its time":                  now.Before(p.send) || !now.Add(-w.slack()).Before(p.end),
		"against the account's rules":       !w.mayCall(o.To, claimed, now),
		"a second time":                     w.calls[o.Call],
		"more often than its number may":    p.called[o.To] > most || o.Attempt > most,
		"to a number that is suppressed":    suppressed && claimed.After(at.Add(w.slack())),
		"too early for its campaign's pace": lastMinute(p.times) > p.rate,
		"too early for the account's pace":  lastMinute(w.times) > callsAMinute,
	} {
		if wrong {
			w.t.Errorf("%v: a call was placed %s: %+v, %d a minute", now, what, o, p.rate)
		}
	}
	w.calls[o.Call] = true
	w.byNumber[o.To] = append(w.byNumber[o.To], claimed)
}

// claimed notes whose calls will be placed.
func (w *world) claimed(plans map[addressbook.SID]int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for call, i := range plans {
		w.claims[call] = w.plans[i]
	}
}

// faulted notes the numbers of calls that a trunk has failed.
func (w *world) faulted(calls map[addressbook.SID]phone.Number) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for call, number := range calls {
		w.claims[call].faults[number]++
	}
}

// uncount notes that a call rang no telephone, so that it does not count as one of its day.
func (w *world) uncount(call *campaign.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byNumber[call.Number] = slices.DeleteFunc(w.byNumber[call.Number], call.SID.Time().Equal)
}

// lastMinute counts the times within the minute before the last one.
func lastMinute(times []time.Time) (n int) {
	last := times[len(times)-1]
	for i := len(times) - 1; i >= 0 && last.Sub(times[i]) < time.Minute; i-- {
		n++
	}
	return n
}

// commit notes the events of a transaction.
func (w *world) commit(events map[int][]event.Event, err error) {
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, told := range events {
		for _, e := range told {
			if w.events[e.Campaign] == nil {
				w.events[e.Campaign] = make(map[what]int)
			}
			w.events[e.Campaign][what{e.Kind, e.Call, e.Position, e.Last}]++
			w.owe(&e)
		}
	}
}
