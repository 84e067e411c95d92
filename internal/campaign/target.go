package campaign

import (
	"cmp"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// Target is a number that a campaign calls.
type Target struct {
	// Position is the target's place in the campaign, from 0 on.
	Position int
	Number   phone.Number
	// Contact is the contact that has the number, or zero for a number of Settings.From.
	Contact addressbook.SID
	Name    string // the contact's name when the targets were read, or ""
	// Vars are the contact's values for the variables in the campaign's text, by their
	// names in lower case.
	Vars  map[string]string
	State TargetState
	// Due is when the target may be called next, while its state is Waiting.
	Due time.Time
	// Reason is why the target was postponed or was not called.
	Reason Reason
	// History has the target's calls, oldest first.
	History []Attempt
	// Ended is when the target got its final state; zero before.
	Ended time.Time
}

// Attempt is one of a target's calls in its history.
type Attempt struct {
	Call    addressbook.SID
	Outcome Outcome // 0 while the call is in flight
}

// MaxCalls is how many calls a target gets at most. Beyond these, up to MaxFaults calls that
// failed because of a trunk are repeated, even if the campaign has no retries.
const MaxCalls, MaxFaults = 4, 3

// MaxHistory is how many calls the history of a target has at most.
const MaxHistory = MaxCalls + MaxFaults

// TargetState is the state of a target. When a campaign has ended, rows may still be
// Waiting for a while; [Campaign.Result] returns their final state.
type TargetState uint8

// The states of a target. The zero TargetState is invalid.
const (
	Waiting       TargetState = iota + 1 // it waits for its first call or a retry
	Calling                              // a call is in flight
	TargetReached                        // a call was answered
	TargetFailed                         // no call was answered, and it gets no more
	Suppressed                           // the number is on the account's suppression list
	InvalidNumber                        // the number does not exist, or is one that is never called
	NotAttempted                         // the campaign ended before its first call
)

// resultNames are the names of final states in the API.
var resultNames = [...]string{
	TargetReached: "completed", TargetFailed: "failed", Suppressed: "failed-dnd",
	InvalidNumber: "invalid", NotAttempted: "failed-no-attempt",
}

// Ended reports whether the state is final.
func (s TargetState) Ended() bool { return s >= TargetReached }

// Word returns the API's word for the target: its final state, or the name of the [Stat]
// that counts it.
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

// Result returns the target's state. If a target waits when its campaign ends, Result
// returns its final state from that moment on, although its row is updated later.
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

// EndOf returns when a target got its final state, and why it was not called. If it
// waited when its campaign ended, EndOf returns both from that moment on, as
// [Campaign.Result] does.
func (c *Campaign) EndOf(t *Target) (ended time.Time, why Reason) {
	if t.Ended.IsZero() && c.Result(t).Ended() {
		return c.Ended, cmp.Or(t.Reason, CampaignEnded)
	}
	return t.Ended, t.Reason
}

// Reason says why a target was not called, or not yet.
type Reason uint8

// The reasons. The zero Reason means that there is none.
const (
	OutsideHours   Reason = iota + 1 // the callee's time is outside the calling hours
	DailyCap                         // the number has reached the daily cap
	ContactDeleted                   // the contact was deleted before the call
	OtherCountry                     // the account may not call the number's country
	NeverCalled                      // nobody may call the number, such as an emergency number
	OnSuppression                    // the number is on the account's list of suppressions
	CampaignEnded                    // the campaign ended before its turn
	NotSpoken                        // the voice could not speak a text of the call
	NoRecording                      // a recording that the call plays could not be read
	AlreadyCalled                    // the campaign has called the number as another target
	NumberErased                     // the person's data was erased
)

// reasonNames are the names in the API.
var reasonNames = [...]string{
	OutsideHours: "outside-hours", DailyCap: "daily-cap", ContactDeleted: "contact-deleted", OtherCountry: "other-country",
	NeverCalled: "never-called", OnSuppression: "suppressed", CampaignEnded: "campaign-ended",
	NotSpoken: "text-not-spoken", NoRecording: "recording-missing",
	AlreadyCalled: "already-called", NumberErased: "erased",
}

// String returns the reason's name in the API, or "" for none.
func (r Reason) String() string { return reasonNames[r] }

// Call is one attempt to reach a target. It is placed once at most.
type Call struct {
	// SID identifies the call. Its date is when the call was claimed.
	SID      addressbook.SID
	Campaign addressbook.SID
	Position int // of the target
	Number   phone.Number
	Attempt  int // 1 for the target's first call
	State    CallState
	// Placed is when dialing began, Rang when the telephone first rang, Answered when
	// somebody answered, and Ended when the call ended. Each is zero before.
	Placed, Rang, Answered, Ended time.Time
	Outcome                       Outcome // 0 before the end
	Digits                        string  // the keys that the callee pressed
	// Code is the carrier's code (a SIP status), Cause that of ITU-T Q.850, and CauseText
	// the carrier's explanation. Each is zero if unknown.
	Code, Cause int
	CauseText   string
	Mark        string // the word that the flow has set for the report, or ""
	// Suppress is the note of the suppression to store with the call's end, if the callee
	// asked not to be called again. It is not set in calls that are read.
	Suppress string
	// Recording is how many samples the recording of the call has; 0 for none, and before
	// the call has ended. It is -1 for a call in flight of which nothing may be recorded
	// any more, because its number was erased.
	Recording int
}

// Weight returns about how many bytes the call takes in memory and in an answer.
func (c *Call) Weight() int64 {
	return int64(1000 + 2*len(c.Digits) + 2*len(c.CauseText) + 2*len(c.Mark))
}

// CallState is how far a call is.
type CallState uint8

// The states of a call, in order. The zero CallState is invalid.
const (
	Placing   CallState = iota + 1 // it is stored, and may be leaving
	Dialed                         // it has left
	Ringing                        // the telephone rings
	Answered                       // somebody answered
	CallEnded                      // it has an outcome
)

// Outcome is how a call ended.
type Outcome uint8

// The outcomes. The zero Outcome means that the call has not ended.
const (
	Reached     Outcome = iota + 1 // answered
	Busy                           // the line was busy
	NoAnswer                       // it rang, and nobody answered
	CallFailed                     // it reached no telephone
	Unreachable                    // the carrier says that the number does not exist
	TrunkFailed                    // a trunk failed before the telephone rang; see [MaxFaults]
)

// outcomeNames are the names in the API.
var outcomeNames = [...]string{Reached: "completed", Busy: "busy", NoAnswer: "no-answer", CallFailed: "failed", Unreachable: "failed", TrunkFailed: "failed"}

// Failed reports whether the API calls the outcome failed.
func (o Outcome) Failed() bool { return o >= CallFailed }

// String returns the outcome's name in the API.
func (o Outcome) String() string { return outcomeNames[o] }

// callStateNames are the names of calls in flight in the API.
var callStateNames = [...]string{Placing: "queued", Dialed: "queued", Ringing: "ringing", Answered: "in-progress"}

// Status returns the API's word for the call.
func (c *Call) Status() string {
	if c.State == CallEnded {
		return c.Outcome.String()
	}
	return callStateNames[c.State]
}

// Duration returns the time from the beginning of dialing to the end in whole seconds;
// zero before the end.
func (c *Call) Duration() int { return seconds(c.Placed, c.Ended) }

// TalkTime returns the time from the answer to the end in whole seconds; zero before the
// end, and for a call that was not answered or whose end nobody knows.
func (c *Call) TalkTime() int {
	if c.Outcome != Reached {
		return 0
	}
	return seconds(c.Answered, c.Ended)
}

// seconds returns the difference between two times, each truncated to a second.
func seconds(from, to time.Time) int {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return int(max(0, to.Unix()-from.Unix()))
}
