// Package event tells the customer's program what happens in a campaign. It sends HTTP
// requests, which are known as callbacks.
//
// An event is stored in the same transaction as what it tells of. A [Deliverer] sends it
// later, at least once. It keeps the events of one target in order, and sends the last
// event of a campaign after all its others.
package event

import (
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// Kind says what an event is about.
type Kind uint8

// The kinds of events. The zero Kind is invalid.
const (
	CallStatus   Kind = iota + 1 // a call has ended
	CallSchedule                 // a target is done: it gets no more calls
	Status                       // the campaign has started or ended
)

// kindNames are the names in the API.
var kindNames = [...]string{CallStatus: "call_status", CallSchedule: "call_schedule", Status: "status"}

// String returns the kind's name in the API.
func (k Kind) String() string { return kindNames[k] }

// Whole is the Position of events about the campaign as a whole.
const Whole = -1

// Event is something to tell the caller's program.
type Event struct {
	// ID is given by the store, and rises with each event.
	ID       int64
	Account  account.ID
	Campaign addressbook.SID
	// Position is that of the target, or Whole. Events with the same position are
	// delivered in order.
	Position int
	Kind     Kind
	Call     addressbook.SID // the call of a CallStatus; zero for other kinds
	// Last means that the event is sent after all others of its campaign.
	Last    bool
	URL     string
	Body    []byte // JSON
	Created time.Time
}

// State is the state of an event's delivery.
type State uint8

// The states of a delivery. The zero State is invalid.
const (
	Waiting   State = iota + 1 // to be sent, or sent again
	Delivered                  // the receiver has answered with a status of 2xx
	GivenUp                    // all tries failed, and the time for more is over
)
