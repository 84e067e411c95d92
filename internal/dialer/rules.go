package dialer

import (
	"time"

	"callbook/internal/campaign"
	"callbook/internal/phone"
)

// Rules is the [Gate] that applies the account's [campaign.Policy]: the allowed
// countries, the callee's calling hours and days, and the daily cap of calls to a number.
// A campaign may have calling hours of its own.
type Rules struct{}

// Check implements [Gate]. It refuses a number of a country that the policy excludes, and
// one that has no calling hours at all. It postpones a number that is outside its calling
// hours, or that has reached its daily cap.
func (Rules) Check(q GateQuery) Verdict {
	policy := q.Policy.Of(&q.Campaign.Settings)
	if !policy.Allows(q.Number.Region()) {
		return Verdict{State: campaign.NotAttempted, Reason: campaign.OtherCountry}
	}
	zones := q.Number.Zones()
	at, reason := q.Now, campaign.OutsideHours
	if most := policy.DailyCap; most > 0 && q.CallsToday >= most {
		_, at = campaign.Day(zones, q.Now)
		reason = campaign.DailyCap
	}
	open := policy.Open(zones, at)
	switch {
	case open.IsZero():
		return Verdict{State: campaign.NotAttempted, Reason: campaign.OutsideHours}
	case open.After(q.Now):
		return Verdict{Until: open, Reason: reason}
	}
	return Verdict{}
}

// DayOf implements [Gate].
func (Rules) DayOf(n phone.Number, now time.Time) (from, until time.Time) {
	return campaign.Day(n.Zones(), now)
}
