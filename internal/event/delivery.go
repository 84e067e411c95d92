package event

import (
	"encoding/binary"
	"math"
	"net/url"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// Delivery is an event and what became of it.
type Delivery struct {
	Event
	State State
	// Since is when the event was stored, or when somebody last asked to send it again.
	// Tries is how often it was sent since then.
	Since time.Time
	Tries int
	// Due is when it is to be sent, while it is Waiting.
	Due Due
	// Tried is when it was last sent, and Answer what came of that. Both are zero
	// before.
	Tried  time.Time
	Answer Answer
	Ended  time.Time // when it was delivered or given up; zero before
}

// Due is when an event is to be sent, in Unix nanoseconds, or one of the constants. The
// events of a receiver are sent in the order of Due, and then of ID.
type Due int64

const (
	// Asked is for what somebody asked to send again. Such an event is sent although
	// its receiver did not answer lately.
	Asked Due = -1
	// AtOnce is for an event that was not tried yet.
	AtOnce Due = 0
	// Behind is for an event that waits for others: see [Pending.After]. It is AtOnce
	// when the last of them has ended.
	Behind Due = math.MaxInt64
)

// DueAt returns the Due of a time.
func DueAt(t time.Time) Due { return Due(t.UnixNano()) }

// Time returns when the event is sent again; false means that no time is set.
func (d Due) Time() (time.Time, bool) {
	if d <= AtOnce || d == Behind {
		return time.Time{}, false
	}
	return time.Unix(0, int64(d)), true
}

// Answer is what came of sending an event.
type Answer struct {
	Status  int // of HTTP; 0 when no answer came
	Trouble Trouble
}

// Trouble says why an event was not delivered.
type Trouble uint8

// The troubles. The zero Trouble is none.
const (
	Refused        Trouble = iota + 1 // the status was none of 2xx and 3xx
	Redirected                        // the status was one of 3xx; redirects are not followed
	TimedOut                          // there was no answer in time
	UnknownHost                       // the URL's host has no address
	Unreachable                       // there was no connection
	Insecure                          // TLS failed, as by a certificate that is not valid
	PrivateAddress                    // the host's address is one that callbacks do not go to
	NoHTTP                            // what came was no answer of HTTP
)

// troubleNames are the wire's.
var troubleNames = [...]string{
	0: "", Refused: "refused", Redirected: "redirected", TimedOut: "timed-out", UnknownHost: "unknown-host",
	Unreachable: "unreachable", Insecure: "insecure", PrivateAddress: "private-address", NoHTTP: "no-http",
}

// String returns the wire's word for the trouble, or "" for none.
func (t Trouble) String() string { return troubleNames[t] }

// stateNames are the wire's.
var stateNames = [...]string{Waiting: "waiting", Delivered: "delivered", GivenUp: "given-up"}

// String returns the wire's word for the state.
func (s State) String() string { return stateNames[s] }

// States returns all states of a delivery.
func States() []State { return []State{Waiting, Delivered, GivenUp} }

// Name returns the event's id for receivers. It has the form of a sid. No other event
// has it, in no other database either, since its first half is the campaign's time of
// creation.
func (e *Event) Name() addressbook.SID { return nameOf(e.Campaign, e.ID) }

func nameOf(campaign addressbook.SID, id int64) (name addressbook.SID) {
	copy(name[:8], campaign[:8])
	binary.BigEndian.PutUint64(name[8:], uint64(id))
	return name
}

// idOf returns the ID of the campaign's event that has this name; false means that it is
// no name of the campaign's events.
func idOf(campaign, name addressbook.SID) (int64, bool) {
	return int64(binary.BigEndian.Uint64(name[8:])), [8]byte(name[:8]) == [8]byte(campaign[:8])
}

// Receiver is a server that an account's events go to.
type Receiver struct {
	Account account.ID
	Origin  string // see [Origin]
}

// Origin returns the scheme, host and port of a URL, in lower case: "https://a.example".
// A URL that cannot be parsed is its own origin.
func Origin(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return rawURL
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// Weight returns about how many bytes the delivery takes, as it is read and in an
// answer.
func (d *Delivery) Weight() int64 {
	const fixed, text = 1000, 2
	return fixed + text*int64(len(d.URL)+len(d.Body))
}
