// Package campaign knows what an account wants done on the telephone: whom to call, what
// they hear, when, and how often. It has the rules of campaigns, and computes retries and
// the numbers that campaigns show.
//
// Whoever creates, reads or changes campaigns uses [Campaigns]. It places no calls.
// Package dialer places them, and changes targets and calls.
package campaign

import (
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// Campaign is a campaign of an account.
type Campaign struct {
	SID     addressbook.SID
	Account account.ID
	Settings
	State State
	// Expanded means that all targets were read from the lists.
	Expanded bool
	// Closed means that nothing is left to do: the campaign and its last call have ended,
	// and each of its targets has its final state.
	Closed bool
	// EndedAs is the state in which the campaign ended; 0 before. It stays when the
	// campaign is archived.
	EndedAs State
	Counts  Counts
	Minutes Minutes // when its last calls began
	// Created is the date in the sid. Started is when all targets were read, and Ended
	// when the campaign ended; both are zero before. Updated is the date of the last
	// change of a setting or of the state.
	Created, Updated, Started, Ended time.Time
}

// Settings are what somebody asked for.
type Settings struct {
	Name     string
	CallerID string // as it was given
	Dynamic  bool   // a list with variables
	// From are the numbers to call. It is empty if Lists is set.
	From  []phone.Number
	Lists []addressbook.SID
	// URL names a flow by the last part of its path. Text is what the call says. Exactly
	// one of them is set.
	URL, Text  string
	FlowType   string // "greeting", "ivr", or "" if the request had a URL and no type
	RepeatMenu int    // how often the call repeats a menu, 0 to 5
	Duplicates bool   // a number in several lists is called once for each
	Retries    *Retries
	// SendAt is when calling begins, EndAt when it ends.
	SendAt, EndAt time.Time
	// The customer's program gets an event at CallStatusCallback when a call has ended, at
	// CallScheduleCallback when a target has its final state, and at StatusCallback when
	// the campaign starts or ends. A URL that is "" gets none.
	CallStatusCallback, CallScheduleCallback, StatusCallback string
	// Throttle bounds the calls per minute; 0 means the bound of the account.
	Throttle int
	// CallingHours replace the account's; nil means none.
	CallingHours *CallingHours
	// Vars are the names of the variables in Text, in lower case.
	Vars []string
	// CustomField is any JSON value, or nil.
	CustomField []byte
	// Record means that answered calls are recorded.
	Record bool
	// Language is the BCP 47 code of the language in which texts are spoken; "" means that
	// the script of each text decides.
	Language string
}

// State is how far a campaign is.
type State uint8

// The states of a campaign, in their usual order. The zero State is invalid.
const (
	Created    State = iota + 1 // SendAt is in the future, or its lists are being read
	InProgress                  // it is calling
	Paused                      // somebody paused it
	Completed                   // everybody was called, or EndAt has passed
	Failed                      // it has ended, and no call reached a telephone
	Canceled                    // it was paused when it ended
	Archived                    // it has ended, and somebody has archived it
	Deleted                     // it was deleted before it started; no query finds it
)

// stateNames are the names in the API.
var stateNames = [...]string{
	Created: "Created", InProgress: "InProgress", Paused: "Paused", Completed: "Completed",
	Failed: "Failed", Canceled: "Canceled", Archived: "Archived", Deleted: "Deleted",
}

// String returns the state's name in the API.
func (s State) String() string { return stateNames[s] }

// States returns the states that queries can find, in order.
func States() []State {
	return []State{Created, InProgress, Paused, Completed, Failed, Canceled, Archived}
}

// Ended reports whether a campaign in this state will make no more calls.
func (s State) Ended() bool { return s >= Completed }

// Calls returns how many calls a target may get in all.
func (s *Settings) Calls() int {
	if s.Retries == nil {
		return 1
	}
	return 1 + s.Retries.Number
}

// Weight returns about how many bytes the campaign takes in memory.
func (c *Campaign) Weight() int64 {
	const fixed, number, sid = 1024, 8, 16
	texts := len(c.Name) + len(c.CallerID) + len(c.URL) + len(c.Text) + len(c.CallStatusCallback) +
		len(c.CallScheduleCallback) + len(c.StatusCallback) + len(c.CustomField)
	return int64(fixed + texts + number*len(c.From) + sid*len(c.Lists))
}
