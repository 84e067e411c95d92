package event

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/work"
)

// ErrNotFound is the fault of an id that no event of the campaign has.
var ErrNotFound = fault.New(fault.NotFound, "There is no callback with this id")

// Store is what a [Deliverer] and [Deliveries] need of a database. Its methods are safe
// for concurrent use. The store of the dialer adds the events, with the Due AtOnce.
//
// One server at a time has the lease of an account's deliveries. A method with a lease
// stores that lease as the account's, in its own transaction. If another server has the
// lease, it changes nothing and returns [work.ErrLost].
type Store interface {
	// ClaimAccounts gives this lease to up to limit accounts, and returns the accounts. It
	// chooses accounts that have a Waiting event, and whose lease is free or has run out by
	// now.
	ClaimAccounts(ctx context.Context, l work.Lease, now time.Time, limit int) ([]account.ID, error)

	// RenewAccounts extends the server's leases of these accounts. It returns the
	// accounts whose lease another server has.
	RenewAccounts(ctx context.Context, l work.Lease, accounts []account.ID) (lost []account.ID, err error)

	// ReleaseAccounts ends the server's leases of these accounts.
	ReleaseAccounts(ctx context.Context, server string, accounts []account.ID) error

	// Receivers returns receivers that have Waiting events, each with the Due of its first
	// event. After has the accounts to look at, each once. For each of these, Receivers
	// returns up to limit receivers whose Origins come after the Origin in after, in the
	// order of their bytes; "" comes before all.
	Receivers(ctx context.Context, after []Receiver, limit int) ([]DueReceiver, error)

	// Due returns up to limit events of the receiver that are due by now, ordered by Due
	// and then ID. It leaves out the events whose IDs are in known.
	Due(ctx context.Context, r Receiver, now time.Time, known []int64, limit int) ([]Pending, error)

	// Record stores outcomes of the account's events in one transaction. It skips events
	// that are not Waiting. It stores AtOnce instead of Behind if all that the event
	// waits for has ended. When an event has ended, it changes events that were Behind it
	// to AtOnce: those of the same target, and the last event of the campaign.
	Record(ctx context.Context, l work.Lease, account account.ID, outcomes []Outcome) error

	// Expire gives up events of a receiver, limit at most: those that have waited since a
	// time before before, and are due by now. Events that are Behind them become AtOnce.
	// More reports whether there may be others.
	Expire(ctx context.Context, l work.Lease, r Receiver, before, now time.Time, limit int) (more bool, err error)

	// Deliveries returns one page of a campaign's events, ordered by ID, and the Counts
	// of all its events at the same moment.
	Deliveries(ctx context.Context, account account.ID, campaign addressbook.SID, q Query) (Page, error)

	// CountWaiting returns how many events of all accounts are Waiting.
	CountWaiting(ctx context.Context) (int, error)

	// SendAgain makes an event Waiting, whatever its state, with Since now, no Tries, and
	// the Due Asked. If there is no such event, the error is [ErrNotFound].
	SendAgain(ctx context.Context, account account.ID, campaign addressbook.SID, id int64, now time.Time) (Delivery, error)

	// SendAllAgain does the same as SendAgain for up to limit events of a campaign that
	// were given up, and returns how many there were.
	SendAllAgain(ctx context.Context, account account.ID, campaign addressbook.SID, now time.Time, limit int) (int, error)

	// Purge deletes about limit events that were created before a time and are not
	// Waiting. It reports whether there may be more.
	Purge(ctx context.Context, before time.Time, limit int) (more bool, err error)
}

// DueReceiver is a receiver that has Waiting events.
type DueReceiver struct {
	Receiver
	First Due // the Due of its first event
}

// Pending is a due event.
type Pending struct {
	ID       int64
	Campaign addressbook.SID
	Position int
	URL      string
	Body     []byte
	Since    time.Time
	Tries    int
	// After is the ID of an event that must end before this one is sent; 0 if there is
	// none. It is the target's event before this one, or any other event of the campaign
	// if this one is the Last.
	After int64
	Last  bool // as in [Event]
}

// Outcome is the result of an event: it has ended, or it waits.
type Outcome struct {
	ID       int64
	Campaign addressbook.SID
	Position int
	State    State
	Due      Due // if State is Waiting
	// Tried means that the event was sent, at the time At, with this Answer. Otherwise
	// the store changes only Due.
	Tried  bool
	At     time.Time
	Tries  int
	Answer Answer
}

// Query asks for one page of a campaign's events.
type Query struct {
	States        []State // nil means all
	Position      *int    // of the target; nil means any; States must be nil with it
	Desc          bool
	Offset, Limit int
}

// Page is a page of a campaign's events.
type Page struct {
	Deliveries []Delivery
	Total      int // how many events the query matches
	Counts     Counts
}

// Counts are the numbers of a campaign's events, by state.
type Counts struct{ Waiting, Delivered, GivenUp int }

// Of returns how many events are in one of these states; nil means all states.
func (c *Counts) Of(states []State) int {
	if states == nil {
		states = States()
	}
	n := 0
	for _, s := range states {
		n += [...]int{Waiting: c.Waiting, Delivered: c.Delivered, GivenUp: c.GivenUp}[s]
	}
	return n
}

// Move counts an event that has changed its state. From is 0 for a new event, and to is 0
// for a deleted one.
func (c *Counts) Move(from, to State) {
	var none int
	states := [...]*int{&none, &c.Waiting, &c.Delivered, &c.GivenUp}
	*states[from]--
	*states[to]++
}
