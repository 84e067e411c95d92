// Package carrier is what places telephone calls: the seam between the dialer and a
// simulator, or a real trunk. Package carriertest has the contract that every carrier
// passes.
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

// Carrier places calls. All of it is safe for concurrent use.
type Carrier interface {
	// Real tells whether calls come to telephones, and so to people.
	Real() bool

	// Run runs the carrier until ctx ends, and calls tell with what happens to the calls.
	// Nobody may place calls before Run or after it. Tell returns soon. It may be called
	// by several goroutines, but by one at a time for one call. It is not called after
	// Run has returned.
	Run(ctx context.Context, tell func(Progress))

	// Place begins a call and returns as soon as it has left, long before it ends. It
	// returns a [*NotSentError] when the call has certainly not left. After any other
	// error it may have left, and whoever asks [Carrier.Resolve] learns more. Placing a
	// call a second time is an error that is no NotSentError.
	Place(ctx context.Context, o Order) error

	// Hangup ends a call, whether it rings or talks. Its end is told as that of any other
	// call. A call that is not there is no error.
	Hangup(ctx context.Context, call addressbook.SID) error

	// Resolve tells what became of calls that were perhaps placed by a process that has
	// ended, or of which nothing was heard for long: one [Resolution] for each, in their
	// order. A carrier goes on with the calls that it says are InFlight, and tells their
	// end.
	Resolve(ctx context.Context, calls []Asked) ([]Resolution, error)
}

// Order asks for a call.
type Order struct {
	Call     addressbook.SID // names the call; no two orders have the same
	To       phone.Number
	CallerID string // as the campaign was given it
	Attempt  int    // 1 for the target's first call
	// Flow is what is heard once somebody has answered. Nil is a flow that nobody here
	// knows, as one of the platform's: the call ends after a while.
	Flow *callflow.Flow
}

// Asked is a call in question.
type Asked struct {
	Order
	// Placed is when the call was placed, or when it was claimed where nobody knows
	// whether it was.
	Placed time.Time
}

// Progress is all that is known of a call by now. So an event that is lost, comes twice
// or comes late does no harm: the one that knows most counts.
type Progress struct {
	Call  addressbook.SID
	State campaign.CallState // from Dialed on
	// These are as in [campaign.Call]. What lies beyond State is zero.
	Placed, Rang, Answered, Ended time.Time
	Digits                        string
	Outcome                       campaign.Outcome
	Code, Cause                   int
	CauseText                     string
}

// Beyond tells whether p knows more of a call than q.
func (p *Progress) Beyond(q *Progress) bool {
	if p.State != q.State {
		return p.State > q.State
	}
	return p.State < campaign.CallEnded && len(p.Digits) > len(q.Digits)
}

// Fate is what a carrier knows of a call in question.
type Fate uint8

// The fates. The zero Fate is none.
const (
	Unknown  Fate = iota + 1 // nobody can tell
	NotSent                  // it never left
	InFlight                 // it has not ended
	Over                     // it has ended
)

// Resolution is a carrier's answer about a call.
type Resolution struct {
	Fate Fate
	// Progress is what is known of the call when it is InFlight or Over.
	Progress Progress
}

// NotSentError is the error of a call that has certainly not left.
type NotSentError struct {
	// After is how long it takes at least until another call may leave.
	After time.Duration
	Cause error
}

// Error implements error.
func (e *NotSentError) Error() string { return fmt.Sprintf("the call was not sent: %v", e.Cause) }

// Unwrap returns the cause.
func (e *NotSentError) Unwrap() error { return e.Cause }

// ErrDown is the cause when the carrier is out of order.
var ErrDown = errors.New("the carrier is down")

// ErrTwice is the error of placing a call again.
var ErrTwice = errors.New("the call was placed before")
