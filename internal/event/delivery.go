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

// Delivery is an event and how far its delivery is.
type Delivery struct {
	Event
	State State
	// Since is when the event was stored, or when somebody last asked to send it again.
	// Tries counts the attempts since then.
	Since time.Time
	Tries int
	// Due is when to send the event, while its state is Waiting.
	Due Due
	// Tried is the time of the last attempt, and Answer its result. Both are zero before
	// the first.
	Tried  time.Time
	Answer Answer
	Ended  time.Time // when it was delivered or given up; zero before
}

// Due is a time to send an event, in Unix nanoseconds, or one of the constants. A
// receiver gets its events in the order of Due, and then of ID.
type Due int64

const (
	// Asked is the Due of an event that somebody asked to send again. It is sent even
	// while its receiver is down.
	Asked Due = -1
	// AtOnce is the Due of an event that was never sent.
	AtOnce Due = 0
	// Behind is the Due of an event that waits for other events: see [Pending.After].
	// When the last of those has ended, the store changes it to AtOnce.
	Behind Due = math.MaxInt64
)

// DueAt returns the Due of a time.
func DueAt(t time.Time) Due { return Due(t.UnixNano()) }

// Time returns the time of the next attempt, and false for Asked, AtOnce and Behind.
func (d Due) Time() (time.Time, bool) {
	if d <= AtOnce || d == Behind {
		return time.Time{}, false
	}
	return time.Unix(0, int64(d)), true
}

// Answer is the result of sending an event.
type Answer struct {
	Status  int // HTTP status; 0 if no answer came
	Trouble Trouble
}

// Trouble says why an event was not delivered.
type Trouble uint8

// The troubles. The zero Trouble means that there was none.
const (
	Refused        Trouble = iota + 1 // the status was neither 2xx nor 3xx
	Redirected                        // the status was 3xx; redirects are not followed
	TimedOut                          // there was no answer in time
	UnknownHost                       // the URL's host has no address
	Unreachable                       // there was no connection
	Insecure                          // TLS failed, for example because of an invalid certificate
	PrivateAddress                    // the address of the host is private, and callbacks must not go there
	NoHTTP                            // the answer was not HTTP
)

// troubleNames are the names in the API.
var troubleNames = [...]string{
	0: "", Refused: "refused", Redirected: "redirected", TimedOut: "timed-out", UnknownHost: "unknown-host",
	Unreachable: "unreachable", Insecure: "insecure", PrivateAddress: "private-address", NoHTTP: "no-http",
}

// String returns the trouble's name in the API, or "" for none.
func (t Trouble) String() string { return troubleNames[t] }

// stateNames are the names in the API.
var stateNames = [...]string{Waiting: "waiting", Delivered: "delivered", GivenUp: "given-up"}

// String returns the state's name in the API.
func (s State) String() string { return stateNames[s] }

// States returns all states of a delivery.
func States() []State { return []State{Waiting, Delivered, GivenUp} }

// Name returns the id under which receivers know the event. It looks like a sid. No two
// events have the same name, even in different databases, because its first half is the
// creation time of the campaign.
func (e *Event) Name() addressbook.SID { return nameOf(e.Campaign, e.ID) }

func nameOf(campaign addressbook.SID, id int64) (name addressbook.SID) {
	copy(name[:8], campaign[:8])
	binary.BigEndian.PutUint64(name[8:], uint64(id))
	return name
}

// idOf returns the ID of the event with this name, and false if no event of the campaign
// can have the name.
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

// Weight returns about how many bytes the delivery takes in memory and in an answer.
func (d *Delivery) Weight() int64 {
	const fixed, text = 1000, 2
	return fixed + text*int64(len(d.URL)+len(d.Body))
}
