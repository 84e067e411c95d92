// Package campaign knows what an account wants done on the telephone: whom to call,
// what they hear, when, and how often. It has the rules of campaigns, and the
// arithmetic of retries and of the numbers that they show.
//
// [Campaigns] is the one door for who makes, reads and changes campaigns. It places no
// calls: package dialer does, and moves targets.
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
	// Expanded says that the targets were read from the lists. Until then, more may
	// come.
	Expanded bool
	// Closed means that nothing is left to do: the campaign and its last call have ended,
	// and each of its targets has its final state.
	Closed bool
	// EndedAs is the state in which the campaign has ended, which it keeps when it is
	// archived; 0 before.
	EndedAs State
	Counts  Counts
	// Created is the time within the sid. Started is when the targets were read, and
	// Ended when the campaign came to its last state; each is zero before. Updated is
	// the time of the last change of a setting or of the state.
	Created, Updated, Started, Ended time.Time
}

// Settings are what somebody asked for.
type Settings struct {
	Name     string
	CallerID string // as it was given
	Dynamic  bool   // a list with variables
	// From are the numbers to call. It is empty when Lists has what to call.
	From  []phone.Number
	Lists []addressbook.SID
	// URL names a flow, by the last part of its path, or Text is what is said. One of
	// them is set.
	URL, Text  string
	FlowType   string // "greeting", "ivr", or "" with a URL that came without one
	RepeatMenu int    // how often a menu is said again, 0 to 5
	Duplicates bool   // a number that is in several lists is called for each
	Retries    *Retries
	// SendAt is when calling begins, EndAt when it ends.
	SendAt, EndAt time.Time
	// The URLs of the caller's program to which events are sent: each call that has
	// ended, each target that has, and the campaign's start and end.
	CallStatusCallback, CallScheduleCallback, StatusCallback string
	// Throttle is how many calls a minute there may be; 0 is what the account may do.
	Throttle int
	// CallingHours are those that take the place of the account's; nil for none.
	CallingHours *CallingHours
	// Vars are the names of the variables that Text has, in lower case.
	Vars []string
	// CustomField is any JSON value, or nil.
	CustomField []byte
}

// State is how far a campaign is.
type State uint8

// The states of a campaign, in the order of their usual life. The zero State is none.
const (
	Created    State = iota + 1 // its time has not come, or its lists are being read
	InProgress                  // it is calling
	Paused                      // somebody paused it
	Completed                   // everybody was called, or its time is over
	Failed                      // it has ended, and no call of it reached a telephone
	Canceled                    // it was paused until its end
	Archived                    // it has ended, and was put away
	Deleted                     // it was deleted before its start; nobody finds it
)

// stateNames are the wire's.
var stateNames = [...]string{
	Created: "Created", InProgress: "InProgress", Paused: "Paused", Completed: "Completed",
	Failed: "Failed", Canceled: "Canceled", Archived: "Archived", Deleted: "Deleted",
}

// String returns the wire's word for the state.
func (s State) String() string { return stateNames[s] }

// States returns all states that a campaign may be found in, in their order.
func States() []State {
	return []State{Created, InProgress, Paused, Completed, Failed, Canceled, Archived}
}

// Ended tells whether no new call is made in this state, and none ever will be.
func (s State) Ended() bool { return s >= Completed }

// Calls tells how many calls a target may get in all.
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
