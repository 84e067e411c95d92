package dialer

import (
	"time"

	"callbook/internal/campaign"
	"callbook/internal/phone"
)

// Rules is the [Gate] of what accounts have set in their [campaign.Policy]: countries,
// calling hours and days of the callee, and calls a day to a number.
type Rules struct{}

// Check implements [Gate]. A number of a country that the account may not call, and one
// whose hours never come, has its result at once. One whose hours come later, or which
// had its calls of the day, waits.
func (Rules) Check(q GateQuery) Verdict {
	if !q.Policy.Allows(q.Number.Region()) {
		return Verdict{State: campaign.NotAttempted, Reason: campaign.OtherCountry}
	}
	zones := q.Number.Zones()
	at, reason := q.Now, campaign.OutsideHours
	if most := q.Policy.DailyCap; most > 0 && q.CallsToday >= most {
		_, at = campaign.Day(zones, q.Now)
		reason = campaign.DailyCap
	}
	open := q.Policy.Open(zones, at)
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
