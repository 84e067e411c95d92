package dialer_test

import (
	"time"

	"callbook/internal/campaign"
	"callbook/internal/phone"
)

// policy is what the account has set at a time.
type policy struct {
	campaign.Policy
	set time.Time
}

// country is a country of the model's numbers. It has one zone all year.
type country struct {
	region string
	first  phone.Number
	zone   *time.Location
}

var (
	india    = country{"IN", 919800000000, time.FixedZone("IST", (5*60+30)*60)}
	emirates = country{"AE", 971500000000, time.FixedZone("GST", 4*60*60)}
)

func countryOf(n phone.Number) country {
	if n >= emirates.first {
		return emirates
	}
	return india
}

// setPolicy changes one of the account's rules: the calling hours, to some minutes about
// now or to always; the daily cap; or the countries.
func (w *world) setPolicy() {
	next := w.policies[len(w.policies)-1].Policy
	now := w.clock.Now().In(india.zone)
	switch w.dice.IntN(3) {
	case 0:
		next.Hours = nil
		if minute := now.Hour()*60 + now.Minute(); w.dice.IntN(3) == 0 && minute > 10 && minute < 24*60-20 {
			h := &campaign.Hours{From: minute - 5 + w.dice.IntN(8)}
			h.Until = h.From + 1 + w.dice.IntN(12)
			next.Hours = h
		}
	case 1:
		next.DailyCap = w.dice.IntN(4)
	case 2:
		next.Countries = [][]string{nil, nil, {"IN"}, {"IN", "AE"}, {"AE"}}[w.dice.IntN(5)]
	}
	if _, err := w.campaigns.ChangePolicy(w.t.Context(), w.acct, func(p *campaign.Policy) { *p = next }); err != nil {
		w.t.Fatal(err)
	}
	w.locked(func() { w.policies = append(w.policies, policy{next, w.clock.Now()}) })
}

// mayCall tells whether the account's rules allow a call, which was claimed at a time, at
// another time. Servers follow a change within a second or two, later when their store
// fails; until then the rules of before hold too. The caller holds mu.
func (w *world) mayCall(n phone.Number, claimed, now time.Time) bool {
	const known = 6 * time.Second
	of := countryOf(n)
	local := now.In(of.zone)
	minute, today := local.Hour()*60+local.Minute(), 0
	for _, at := range w.byNumber[n] {
		if at.In(of.zone).Format(time.DateOnly) == claimed.In(of.zone).Format(time.DateOnly) {
			today++
		}
	}
	for i := len(w.policies) - 1; i >= 0; i-- {
		p := &w.policies[i]
		if (p.Hours == nil || p.Hours.From <= minute && minute < p.Hours.Until) &&
			(p.DailyCap == 0 || today < p.DailyCap) && allows(p.Countries, of) {
			return true
		}
		if now.Sub(p.set) > known*time.Duration(w.speed) {
			return false
		}
	}
	return false
}

// allows tells whether the countries of a policy allow one.
func allows(codes []string, c country) bool {
	for _, code := range codes {
		if code == c.region {
			return true
		}
	}
	return len(codes) == 0
}

// mayRefuse tells whether the account's rules have ever given a reason not to call a
// number. The caller holds mu.
func (w *world) mayRefuse(t *campaign.Target) bool {
	for i := range w.policies {
		p := &w.policies[i]
		switch t.Reason {
		case campaign.OtherCountry:
			if !allows(p.Countries, countryOf(t.Number)) {
				return true
			}
		case campaign.DailyCap:
			if p.DailyCap > 0 {
				return true
			}
		case campaign.OutsideHours:
			if p.Hours != nil {
				return true
			}
		default:
			return true
		}
	}
	return false
}
