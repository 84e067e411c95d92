// Package event tells the caller's program what happens in a campaign, by HTTP requests
// that are known as callbacks.
//
// An event is stored in the transaction that it tells of, and delivered later, at least
// once. [Deliverer] delivers: in the order in which they were stored, the events of one
// target; the campaign's last event after all others of the campaign.
package event

import (
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// Kind says what an event is about.
type Kind uint8

// The kinds of events. The zero Kind is none.
const (
	CallStatus   Kind = iota + 1 // a call has ended
	CallSchedule                 // a target has its result
	Status                       // the campaign has started or ended
)

// kindNames are the wire's names of the callbacks.
var kindNames = [...]string{CallStatus: "call_status", CallSchedule: "call_schedule", Status: "status"}

// String returns the wire's word for the kind.
func (k Kind) String() string { return kindNames[k] }

// Whole is the Position of events that are about no single target.
const Whole = -1

// Event is something to tell the caller's program.
type Event struct {
	// ID orders the events of a database. The store gives it out.
	ID       int64
	Account  account.ID
	Campaign addressbook.SID
	// Position is the target's, or Whole. Events of one position are delivered in
	// order.
	Position int
	Kind     Kind
	Call     addressbook.SID // of CallStatus; zeros for others
	// Last says that the event waits for all others of its campaign.
	Last    bool
	URL     string
	Body    []byte // JSON
	Created time.Time
}

// State is how far the delivery of an event is.
type State uint8

// The states of a delivery. The zero State is none.
const (
	Waiting   State = iota + 1 // to be sent, or sent again
	Delivered                  // the receiver has answered with a status of 2xx
	GivenUp                    // the time for retries is over
)
