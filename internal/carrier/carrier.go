// Package carrier defines the interface between the dialer and what places telephone
// calls: a simulator, or a real trunk. Package carriertest has tests that every carrier
// must pass.
package carrier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/phone"
)

// Carrier places calls. Its methods are safe for concurrent use. Their errors are logged,
// so they contain no telephone numbers.
type Carrier interface {
	// Real reports whether calls reach telephones, and so people.
	Real() bool

	// Run runs the carrier until ctx ends. It calls tell whenever something happens to a
	// telephone call. Calls may be placed only while it runs. Tell returns soon. Run may
	// call it from several goroutines at the same time, but from one only for the same
	// telephone call. Run returns after the last tell has returned.
	Run(ctx context.Context, tell func(Progress))

	// Place starts a call and returns as soon as the call has left, long before it ends.
	// It returns a [*NotSentError] if the call has certainly not left. After any other
	// error, the call may have left, and [Carrier.Resolve] tells more. If the call was
	// placed before, the error is not a NotSentError.
	Place(ctx context.Context, o Order) error

	// Hangup ends a call that rings or was answered. Run reports its end like that of any
	// other call. If there is no such call, Hangup returns nil.
	Hangup(ctx context.Context, call addressbook.SID) error

	// Resolve returns a [Resolution] for each call, in their order. The calls may have been
	// placed by a process that has ended, or have been silent for long. Run goes on to
	// report what happens to the calls that are InFlight.
	Resolve(ctx context.Context, calls []Asked) ([]Resolution, error)
}

// Order asks for a call.
type Order struct {
	Call     addressbook.SID // the call's sid; no two orders have the same
	To       phone.Number
	CallerID string // as the campaign has it
	Attempt  int    // 1 for the target's first call
	// Flow is what the callee hears after answering. Nil stands for a flow that callbook
	// does not know, such as one of Exotel's: the call ends after a while.
	Flow *callflow.Flow
	// Ask requests a URL of the flow, given the keys so far, and returns its answer. It
	// takes at most [callflow.FetchTimeout]. The carrier must end ctx with the call. If
	// Ask is nil, all requests fail.
	Ask func(ctx context.Context, u callflow.URL, digits string) callflow.Input
	// Sound returns what the callee hears for a sound of the flow, as samples of which
	// there are 8,000 a second. The carrier must not modify them. The carrier gets all
	// sounds that are known before the call leaves, so that a call whose sound is missing
	// never rings. If Sound is nil, no sound can be played.
	Sound func(ctx context.Context, s callflow.Sound) ([]int16, error)
	// Record, if not nil, gets the sound of the answered call, both sides mixed, as samples
	// of which there are 8,000 a second, and at the end nil. The carrier calls it from one
	// goroutine, and reports the end of the call only after the call with nil has returned.
	// A simulator does not call it.
	Record func(samples []int16)
}

// Asked is a call in a question to [Carrier.Resolve].
type Asked struct {
	Order
	// Placed is when the call was placed, or when it was claimed if that is unknown.
	Placed time.Time
}

// Progress is everything that the carrier knows of a call. A report that is lost,
// repeated or late does no harm, because the one that knows most counts; see
// [Progress.Beyond].
type Progress struct {
	Call  addressbook.SID
	State campaign.CallState // Dialed or later
	// Placed, Rang, Answered and Ended are the times of [campaign.Call]. A time is zero if
	// the call has not come so far.
	Placed, Rang, Answered, Ended time.Time
	Digits                        string
	// Mark is the word that the flow has set. Suppressed means that the callee asked not
	// to be called again. The carrier reports both with the end of the call.
	Mark        string
	Suppressed  bool
	Outcome     campaign.Outcome
	Code, Cause int
	CauseText   string
}

// Beyond reports whether p knows more of a call than q.
func (p *Progress) Beyond(q *Progress) bool {
	if p.State != q.State {
		return p.State > q.State
	}
	return p.State < campaign.CallEnded && len(p.Digits) > len(q.Digits)
}

// Fate is what a carrier knows of a call that it was asked about.
type Fate uint8

// The fates. The zero Fate is invalid.
const (
	Unknown  Fate = iota + 1 // the carrier does not know
	NotSent                  // it never left
	InFlight                 // it has not ended
	Over                     // it has ended
)

// Resolution is a carrier's answer about a call.
type Resolution struct {
	Fate Fate
	// Progress is set if the call is InFlight or Over.
	Progress Progress
}

// NotSentError means that a call has certainly not left.
type NotSentError struct {
	// After is how long to wait at least before placing another call. If Only is set, the
	// wait is for calls of the same campaign, for example because its caller id may not be
	// shown. If Number is set, the wait is for calls to the number, for example because the
	// only trunk for it is down. Other calls may leave meanwhile.
	After        time.Duration
	Only, Number bool
	Cause        error
}

// Error implements error.
func (e *NotSentError) Error() string { return fmt.Sprintf("the call was not sent: %v", e.Cause) }

// Unwrap returns the cause.
func (e *NotSentError) Unwrap() error { return e.Cause }

// ErrDown is the cause if the carrier is out of order.
var ErrDown = errors.New("the carrier is down")

// ErrTwice is the error of placing a call that was placed before.
var ErrTwice = errors.New("the call was placed before")
