package words

import (
	"strings"
	"time"

	"callbook/internal/campaign"
)

// CallingHours says at what times people may be called.
func CallingHours(hours *campaign.Hours, days *[7]bool) string {
	text := "at any hour"
	if !hours.Always() {
		text = strings.Replace(hours.String(), "-", " to ", 1)
	}
	if campaign.EveryDay(days) {
		return text + " of every day"
	}
	var names []string
	for i := range days {
		if day := time.Weekday(i+1) % time.Weekday(len(days)); days[day] {
			names = append(names, day.String()[:3])
		}
	}
	return text + " on " + strings.Join(names, ", ")
}

// CampaignState returns the words for a campaign's state, and the kind of their badge.
func CampaignState(c *campaign.Campaign) (text, kind string) {
	switch c.State {
	case campaign.Created:
		if c.Counts.Targets() > 0 {
			return "Reading its lists", "info"
		}
		return "Waiting for its time", "info"
	case campaign.InProgress:
		return "Calling", "good"
	case campaign.Paused:
		return "Paused", "warn"
	case campaign.Completed:
		if !c.Closed {
			return "Ending", "info"
		}
		return "Completed", ""
	case campaign.Failed:
		return "Failed", "bad"
	case campaign.Canceled:
		return "Canceled", "warn"
	case campaign.Archived:
		return "Archived", ""
	}
	return c.State.String(), ""
}

// CallOutcome returns the words for how a call has ended or how far it is, and the kind
// of their badge.
func CallOutcome(call *campaign.Call) (text, kind string) {
	switch call.State {
	case campaign.Placing, campaign.Dialed:
		return "Dialing", "info"
	case campaign.Ringing:
		return "Ringing", "info"
	case campaign.Answered:
		return "Talking", "info"
	}
	return Outcome(call.Outcome)
}

// Outcome returns the words for an outcome, and the kind of their badge.
func Outcome(o campaign.Outcome) (text, kind string) {
	switch o {
	case campaign.Reached:
		return "Answered", "good"
	case campaign.Busy:
		return "Busy", "warn"
	case campaign.NoAnswer:
		return "No answer", "warn"
	case campaign.Unreachable:
		return "No such number", "bad"
	case campaign.TrunkFailed:
		return "The trunk failed", "bad"
	}
	return "Failed", "bad"
}

// OutcomeNamed is Outcome for an outcome by its name on the wire. The text is "" for an
// unknown name.
func OutcomeNamed(word string) (text, kind string) {
	for _, o := range []campaign.Outcome{campaign.Reached, campaign.Busy, campaign.NoAnswer, campaign.CallFailed} {
		if o.String() == word {
			return Outcome(o)
		}
	}
	return "", ""
}

// TargetState returns the words for the state or the result of a campaign's target, and
// the kind of their badge.
func TargetState(c *campaign.Campaign, t *campaign.Target) (text, kind string) {
	switch c.Result(t) {
	case campaign.Waiting:
		if len(t.History) > 0 {
			return "To be called again", "info"
		}
		return "Not called yet", ""
	case campaign.Calling:
		return "Being called", "info"
	case campaign.TargetReached:
		return "Reached", "good"
	case campaign.TargetFailed:
		return "Not reached", "bad"
	case campaign.Suppressed:
		return "Must not be called", "warn"
	case campaign.InvalidNumber:
		return "No valid number", "bad"
	}
	return "Not called", "warn"
}

// TargetReason returns a sentence about why a target waits or was not called, or "".
func TargetReason(r campaign.Reason) string {
	switch r {
	case campaign.OutsideHours:
		return "It is outside the calling hours where the number is."
	case campaign.DailyCap:
		return "The number had as many calls today as it may get."
	case campaign.ContactDeleted:
		return "The contact was deleted before the call."
	case campaign.OtherCountry:
		return "The account may not call this country."
	case campaign.NeverCalled:
		return "Emergency, premium and short numbers are never called."
	case campaign.OnSuppression:
		return "The number is one that must not be called."
	case campaign.CampaignEnded:
		return "The campaign ended before its turn."
	case campaign.NotSpoken:
		return "The voice could not speak the text of the call."
	case campaign.NoRecording:
		return "A recording that the call plays could not be read."
	case campaign.AlreadyCalled:
		return "The campaign had called the number already: it was moved to another contact."
	case campaign.NumberErased:
		return "Everything about this person was erased."
	}
	return ""
}
