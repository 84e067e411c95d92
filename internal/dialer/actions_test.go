package dialer_test

import (
	"encoding/json"
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
		Lose: chance(), Double: chance(), Delay: chance(), MostDelay: 20 * time.Second, BreakOff: chance(), Refuse: chance(),
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
		called: make(map[phone.Number]int), suppressed: make(map[phone.Number]time.Time), numbers: 1 + w.dice.IntN(30),
	}
	p.end = p.send.Add(time.Duration(60+w.dice.IntN(1500)) * time.Second)
	if !w.bubble() {
		p.end = p.end.Add(10 * time.Minute) // for a crash takes as long
	}
	d := campaign.Draft{
		CallerID: campaign.Some("08047000001"), Text: campaign.Some("Your rent is due on Monday."), FlowType: campaign.Some("ivr"),
		CallStatusCallback: campaign.Some("https://a.example/call"), CallScheduleCallback: campaign.Some("https://a.example/target"),
		StatusCallback: campaign.Some("https://a.example/campaign"), CustomField: campaign.Some(json.RawMessage(`{"run": 1}`)),
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
	p.first = phone.Number(919800000000 + w.next)
	for range p.numbers {
		from = append(from, phone.Number(919800000000+w.next).String())
		w.next++
	}
	p.last = phone.Number(919800000000 + w.next)
	d.From = campaign.Some(from)
	w.mu.Lock()
	w.plans = append(w.plans, p)
	for n := p.first; n < p.last; n++ {
		w.byNo[n] = p
	}
	w.mu.Unlock()
	c, err := w.campaigns.Create(w.t.Context(), w.acct, &d, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	p.sid = c.SID
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
		w.locked(func() { p.over, p.checked = true, true })
	}
}

// suppress adds a number to those that must not be called.
func (w *world) suppress() {
	p := w.any()
	if p == nil {
		return
	}
	n := p.first + phone.Number(w.dice.IntN(p.numbers))
	_ = w.set.Suppressions.AddSuppressions(w.t.Context(), w.acct.ID, []suppression.Suppression{{Number: n, Source: "api", Created: w.clock.Now()}}, nil)
	w.locked(func() { p.suppressed[n] = w.clock.Now() })
}

// setHours changes the calling hours of the account to some minutes about now, or to
// always.
func (w *world) setHours() {
	now := w.clock.Now().In(callees)
	var h *campaign.Hours
	if minute := now.Hour()*60 + now.Minute(); w.dice.IntN(3) == 0 && minute > 10 && minute < 24*60-20 {
		h = &campaign.Hours{From: minute - 5 + w.dice.IntN(8)}
		h.Until = h.From + 1 + w.dice.IntN(12)
	}
	if _, err := w.campaigns.ChangePolicy(w.t.Context(), w.acct, func(p *campaign.Policy) { p.Hours = h }); err != nil {
		w.t.Fatal(err)
	}
	w.locked(func() { w.hours = append(w.hours, hours{h, w.clock.Now()}) })
}

// callees is the zone of all numbers of the model.
var callees = time.FixedZone("IST", (5*60+30)*60)

// mayCall tells whether the calling hours allow a call at a time. Servers follow a change
// within a second or two, later when their store fails; until then those of before hold
// too.
func (w *world) mayCall(now time.Time) bool {
	const known = 6 * time.Second
	local := now.In(callees)
	minute := local.Hour()*60 + local.Minute()
	for i := len(w.hours) - 1; i >= 0; i-- {
		h := w.hours[i]
		if h.Hours == nil || h.From <= minute && minute < h.Until {
			return true
		}
		if now.Sub(h.set) > known*time.Duration(w.speed) {
			return false
		}
	}
	return true // nothing was set before
}
