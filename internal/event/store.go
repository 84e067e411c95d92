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

// Store is what a [Deliverer] and [Deliveries] need of a database. All of it is safe
// for concurrent use. Events are added by the store of the dialer; they are AtOnce then.
//
// One server at a time has the lease of an account's deliveries. A method that takes a
// lease extends it in its transaction, and returns [work.ErrLost], with nothing changed,
// when another server has it.
type Store interface {
	// ClaimAccounts makes this lease that of accounts which have an event that is
	// Waiting, and whose deliveries nobody has or whose lease has run out by now: limit
	// at most. It returns them.
	ClaimAccounts(ctx context.Context, l work.Lease, now time.Time, limit int) ([]account.ID, error)

	// RenewAccounts extends the leases that the server of l has of these accounts, and
	// returns the accounts that it has no longer.
	RenewAccounts(ctx context.Context, l work.Lease, accounts []account.ID) (lost []account.ID, err error)

	// ReleaseAccounts ends the server's leases of these accounts.
	ReleaseAccounts(ctx context.Context, server string, accounts []account.ID) error

	// Receivers returns the receivers of these accounts that have an event which is due
	// by now, limit at most, each with the Due of its first one.
	Receivers(ctx context.Context, accounts []account.ID, now time.Time, limit int) ([]DueReceiver, error)

	// Due returns the receiver's events that are due by now, in the order of Due and
	// then of ID, limit at most, but for those with the IDs of known.
	Due(ctx context.Context, r Receiver, now time.Time, known []int64, limit int) ([]Pending, error)

	// Record writes down what became of events of the account, in one transaction, and
	// passes over those that are not Waiting. An outcome that is Behind is AtOnce
	// instead when nothing that it waits for is left. The events of a target whose event
	// has ended, and the last event of its campaign, are AtOnce if they were Behind.
	Record(ctx context.Context, l work.Lease, account account.ID, outcomes []Outcome) error

	// Expire gives up events of a receiver that wait since a time before, and are due by
	// now: limit at most. It reports whether there may be more. What waits behind them
	// is AtOnce.
	Expire(ctx context.Context, l work.Lease, r Receiver, before, now time.Time, limit int) (more bool, err error)

	// Deliveries returns one page of a campaign's events, by ID, and their Counts at
	// that same moment.
	Deliveries(ctx context.Context, account account.ID, campaign addressbook.SID, q Query) (Page, error)

	// SendAgain makes an event wait since now, whatever its state. It is Asked for, and
	// its Tries are 0. An event that is not there is [ErrNotFound].
	SendAgain(ctx context.Context, account account.ID, campaign addressbook.SID, id int64, now time.Time) (Delivery, error)

	// SendAllAgain does what SendAgain does for events of a campaign that were given up,
	// limit at most, and returns how many it were.
	SendAllAgain(ctx context.Context, account account.ID, campaign addressbook.SID, now time.Time, limit int) (int, error)

	// Purge deletes events that were created before a time and are not Waiting, about
	// limit at most, and reports whether there may be more.
	Purge(ctx context.Context, before time.Time, limit int) (more bool, err error)
}

// DueReceiver is a receiver with events that are due.
type DueReceiver struct {
	Receiver
	First Due // of its first event
}

// Pending is an event that is due.
type Pending struct {
	ID       int64
	Campaign addressbook.SID
	Position int
	URL      string
	Body     []byte
	Since    time.Time
	Tries    int
	// After is the ID of another event that must end before: the target's last one
	// before this, or for the last event of a campaign any other one. It is 0 when
	// there is none.
	After int64
}

// Outcome is what became of an event: it has ended, or waits.
type Outcome struct {
	ID       int64
	Campaign addressbook.SID
	Position int
	State    State
	Due      Due // when it is Waiting
	// Tried says that it was sent, at the time At, and Answer is what came of that.
	// Otherwise only Due is stored.
	Tried  bool
	At     time.Time
	Tries  int
	Answer Answer
}

// Query asks for one page of a campaign's events.
type Query struct {
	States        []State // nil are all
	Position      *int    // the target's; nil is any. With it, States is nil.
	Desc          bool
	Offset, Limit int
}

// Page is a page of a campaign's events.
type Page struct {
	Deliveries []Delivery
	Total      int // of those that the query asks for
	Counts     Counts
}

// Counts are how many events of a campaign there are, by state.
type Counts struct{ Waiting, Delivered, GivenUp int }

// Of returns how many events are in one of the states; nil are all.
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

// Move counts an event that came from one state to another; 0 is none.
func (c *Counts) Move(from, to State) {
	var none int
	states := [...]*int{&none, &c.Waiting, &c.Delivered, &c.GivenUp}
	*states[from]--
	*states[to]++
}
