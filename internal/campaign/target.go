package campaign

import (
	"cmp"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// Target is one number that a campaign is to reach.
type Target struct {
	// Position is the target's place in the campaign, from 0 on.
	Position int
	Number   phone.Number
	// Contact is whose number it is; zeros when the number was given without one.
	Contact addressbook.SID
	Name    string // the contact's when the targets were read, or ""
	// Vars are the values that the campaign's text says of the target, by their names
	// in lower case.
	Vars  map[string]string
	State TargetState
	// Due is when the next call may be made, while the target is Waiting.
	Due time.Time
	// Reason says why the target waits longer or was not called; see the constants.
	Reason Reason
	// History has the target's calls, the first one first.
	History []Attempt
	// Ended is when the target came to its result; zero before.
	Ended time.Time
}

// Attempt is one of a target's calls in its history.
type Attempt struct {
	Call    addressbook.SID
	Outcome Outcome // 0 while the call is in flight
}

// MaxCalls is how many calls a target gets at most.
const MaxCalls = 4

// TargetState is how far a target is. Targets of a campaign that has ended are
// never Waiting to anybody who asks: see [Campaign.Result].
type TargetState uint8

// The states of a target. The zero TargetState is none.
const (
	Waiting       TargetState = iota + 1 // for its first call, or for a retry
	Calling                              // a call is in flight
	TargetReached                        // a call was answered
	TargetFailed                         // it has used its calls, or its last outcome is not retried
	Suppressed                           // the account must not call the number
	InvalidNumber                        // there is no such number, or it is never called
	NotAttempted                         // it was never called when the campaign ended
)

// resultNames are the wire's words for how a target ended.
var resultNames = [...]string{
	TargetReached: "completed", TargetFailed: "failed", Suppressed: "failed-dnd",
	InvalidNumber: "invalid", NotAttempted: "failed-no-attempt",
}

// Ended tells whether the target has its result.
func (s TargetState) Ended() bool { return s >= TargetReached }

// Word returns the wire's word for the target: that of its result, or which of the
// numbers of [Stats] counts it.
func (c *Campaign) Word(t *Target) string {
	state := c.Result(t)
	again := len(t.History) > 0
	switch {
	case state.Ended():
		return resultNames[state]
	case state == Calling && len(t.History) > 1:
		return "retrying"
	case state == Calling:
		return "in-progress"
	case c.State == Paused:
		return "paused"
	case again:
		return "retry"
	}
	return "created"
}

// Result returns the target's state. A target that waits when its campaign ends has a
// result from that moment on, although its row is changed later.
func (c *Campaign) Result(t *Target) TargetState {
	switch {
	case t.State != Waiting || !c.State.Ended():
		return t.State
	case len(t.History) > 0:
		return TargetFailed
	}
	return NotAttempted
}

// Weight returns about how many bytes the target takes in memory and in an answer.
func (t *Target) Weight() int64 {
	n := 500 + 2*len(t.Name) + 32*len(t.History)
	for name, value := range t.Vars {
		n += 100 + len(name) + len(value)
	}
	return int64(n)
}

// EndOf returns when a target came to its result, and why it was not called. A target that
// waited when its campaign ended has both from that moment on, as [Campaign.Result] says.
func (c *Campaign) EndOf(t *Target) (ended time.Time, why Reason) {
	if t.Ended.IsZero() && c.Result(t).Ended() {
		return c.Ended, cmp.Or(t.Reason, CampaignEnded)
	}
	return t.Ended, t.Reason
}

// Reason says why a target was not called, or not yet.
type Reason uint8

// The reasons. The zero Reason is none.
const (
	OutsideHours   Reason = iota + 1 // the callee's own time is not within the calling hours
	DailyCap                         // the number had its calls of the day
	ContactDeleted                   // the contact was deleted before the call
	OtherCountry                     // the account may not call the number's country
	NeverCalled                      // an emergency, premium or short number
	OnSuppression                    // the number is on the account's list of suppressions
	CampaignEnded                    // the campaign ended before the target's turn
)

// reasonNames are the wire's words for reasons.
var reasonNames = [...]string{
	OutsideHours: "outside-hours", DailyCap: "daily-cap", ContactDeleted: "contact-deleted", OtherCountry: "other-country",
	NeverCalled: "never-called", OnSuppression: "suppressed", CampaignEnded: "campaign-ended",
}

// String returns the wire's word for the reason, "" for none.
func (r Reason) String() string { return reasonNames[r] }

// Call is one try to reach a target. It is placed once.
type Call struct {
	// SID names the call. Its time is when the call was claimed.
	SID      addressbook.SID
	Campaign addressbook.SID
	Position int // the target's
	Number   phone.Number
	Attempt  int // 1 for the target's first call
	State    CallState
	// Placed is when dialing began, Rang when the telephone first rang, Answered when
	// somebody took the call, and Ended when it was over. Each is zero before.
	Placed, Rang, Answered, Ended time.Time
	Outcome                       Outcome // 0 before the end
	Digits                        string  // the keys that the callee pressed
	// Code is the carrier's own (a SIP status), Cause that of ITU-T Q.850, and
	// CauseText what the carrier says of it. They are zero where nothing is known.
	Code, Cause int
	CauseText   string
	Mark        string // the word that the flow has set for the report, or ""
}

// Weight returns about how many bytes the call takes in memory and in an answer.
func (c *Call) Weight() int64 {
	return int64(1000 + 2*len(c.Digits) + 2*len(c.CauseText) + 2*len(c.Mark))
}

// CallState is how far a call is.
type CallState uint8

// The states of a call, in their order. The zero CallState is none.
const (
	Placing   CallState = iota + 1 // it is written down, and may be leaving
	Dialed                         // it has left
	Ringing                        // the telephone rings
	Answered                       // somebody took the call
	CallEnded                      // it has an outcome
)

// Outcome is how a call ended.
type Outcome uint8

// The outcomes. The zero Outcome is none.
const (
	Reached     Outcome = iota + 1 // answered
	Busy                           // the line was busy, or somebody refused the call
	NoAnswer                       // it rang, and nobody took it
	CallFailed                     // it came to no telephone
	Unreachable                    // the carrier says that there is no such number
)

// outcomeNames are the wire's.
var outcomeNames = [...]string{Reached: "completed", Busy: "busy", NoAnswer: "no-answer", CallFailed: "failed", Unreachable: "failed"}

// String returns the wire's word for the outcome.
func (o Outcome) String() string { return outcomeNames[o] }

// callStateNames are the wire's words for calls in flight.
var callStateNames = [...]string{Placing: "queued", Dialed: "queued", Ringing: "ringing", Answered: "in-progress"}

// Status returns the wire's word for the call.
func (c *Call) Status() string {
	if c.State == CallEnded {
		return c.Outcome.String()
	}
	return callStateNames[c.State]
}

// Duration returns how long the call took, from the beginning of dialing on, in
// whole seconds; zero before its end.
func (c *Call) Duration() int { return seconds(c.Placed, c.Ended) }

// TalkTime returns how long the call took from the answer on, in whole seconds; zero
// before its end and without an answer.
func (c *Call) TalkTime() int { return seconds(c.Answered, c.Ended) }

// seconds returns the time between two moments as their dates without fractions show
// it.
func seconds(from, to time.Time) int {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return int(max(0, to.Unix()-from.Unix()))
}
