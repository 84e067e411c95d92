package dialer_test

import (
	"encoding/json"
	"fmt"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/carrier/simulator"
	"callbook/internal/phone"
	"callbook/internal/suppression"
)

// faults returns what may go wrong with the carrier.
func (w *world) faults() (f simulator.Faults) {
	chance := func() float64 { return max(0, w.dice.Float64()*0.4-0.2) }
	if w.dice.IntN(3) == 0 {
		return f
	}
	return simulator.Faults{
		Lose: chance(), Double: chance(), Delay: chance(), MostDelay: 20 * time.Second, BreakOff: chance(), Refuse: chance(), Trunk: 3 * chance(),
		Down: w.dice.IntN(8) == 0,
	}
}

// create makes a campaign, if there are not too many.
func (w *world) create() {
	open := 0
	for _, p := range w.plans {
		if !p.checked {
			open++
		}
	}
	if open >= 4 {
		return
	}
	now := w.clock.Now()
	p := &plan{
		send: now.Add(time.Duration(w.dice.IntN(90)) * time.Second), calls: 1, rate: callsAMinute,
		called: make(map[phone.Number]int), faults: make(map[phone.Number]int), numbers: w.numbers(1 + w.dice.IntN(30)),
	}
	p.end = p.send.Add(time.Duration(60+w.dice.IntN(1500)) * time.Second)
	if !w.bubble() {
		p.end = p.end.Add(10 * time.Minute) // for a crash takes as long
	}
	d := campaign.Draft{
		CallerID: campaign.Some("08047000001"), Text: campaign.Some("Your rent is due on Monday."), FlowType: campaign.Some("ivr"),
		Name: campaign.Some(fmt.Sprintf("%04d", len(w.plans))), CallStatusCallback: campaign.Some(w.receiver() + "/call"),
		CallScheduleCallback: campaign.Some(w.receiver() + "/target"), StatusCallback: campaign.Some(w.receiver() + "/campaign"),
		CustomField: campaign.Some(json.RawMessage(`{"run": 1}`)),
		Schedule: campaign.Some(campaign.ScheduleDraft{
			SendAt: campaign.Some(p.send.Format(time.RFC3339Nano)), EndAt: campaign.Some(p.end.Format(time.RFC3339Nano)),
		}),
	}
	if n := w.dice.IntN(4); n > 0 {
		p.calls += n
		d.Retries = campaign.Some(campaign.RetriesDraft{Number: campaign.Some(n), Interval: campaign.Some(1 + w.dice.IntN(3))})
	}
	if w.dice.IntN(2) == 0 {
		p.rate = 5 + w.dice.IntN(10)
		d.Mode, d.Throttle = campaign.Some("custom"), campaign.Some(p.rate)
	}
	var from []string
	for _, n := range p.numbers {
		from = append(from, n.String())
	}
	d.From = campaign.Some(from)
	w.locked(func() { w.plans = append(w.plans, p) })
	c, err := w.campaigns.Create(w.t.Context(), w.acct, &d, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	p.sid = c.SID
}

// receiver returns where a kind of events goes.
func (w *world) receiver() string {
	if w.dice.IntN(3) == 0 {
		return steady
	}
	return shaky
}

// numbers returns numbers of the countries. Some of them are in other campaigns too.
func (w *world) numbers(n int) (numbers []phone.Number) {
	const regulars = 20
	taken := make(map[phone.Number]bool)
	for len(numbers) < n {
		of, no := india, w.dice.IntN(regulars)
		if w.dice.IntN(5) == 0 {
			of = emirates
		}
		if w.dice.IntN(4) > 0 {
			w.next++
			no = regulars + w.next
		}
		if number := of.first + phone.Number(no); !taken[number] {
			taken[number] = true
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// any returns a campaign that is not closed, or nil.
func (w *world) any() *plan {
	var open []*plan
	for _, p := range w.plans {
		if !p.checked {
			open = append(open, p)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return open[w.dice.IntN(len(open))]
}

// open tells whether a campaign is open.
func (w *world) open() bool { return w.any() != nil }

// change does an action, which the campaign's state may refuse.
func (w *world) change(a campaign.Action) {
	p := w.any()
	if p == nil {
		return
	}
	if a == campaign.Resume {
		w.locked(func() { p.paused = false })
	}
	c, err := w.campaigns.Update(w.t.Context(), w.acct, p.sid, &campaign.Draft{Action: campaign.Some(string(a))}, nil)
	switch {
	case err == nil && c.State == campaign.Paused:
		w.locked(func() { p.paused = true })
	case err == nil && c.State.Ended():
		w.locked(func() { p.over = true })
	}
}

// locked changes the model while nobody holds a call against it.
func (w *world) locked(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// remove deletes a campaign that has not started.
func (w *world) remove() {
	p := w.any()
	if p == nil {
		return
	}
	if _, err := w.campaigns.Delete(w.t.Context(), w.acct, p.sid, nil); err == nil {
		w.locked(func() { p.over, p.checked, p.deleted = true, true, true })
	}
}

// suppress adds a number to those that must not be called.
func (w *world) suppress() {
	p := w.any()
	if p == nil {
		return
	}
	n := p.numbers[w.dice.IntN(len(p.numbers))]
	_ = w.set.Suppressions.AddSuppressions(w.t.Context(), w.acct.ID, []suppression.Suppression{{Number: n, Source: "api", Created: w.clock.Now()}}, nil)
	w.locked(func() { w.suppressed[n] = w.clock.Now() })
}
