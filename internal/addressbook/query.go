package addressbook

import (
	"bytes"
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"callbook/internal/phone"
)

// SortField is what a page is sorted by. What is equal in it is sorted by its
// sid, in the same direction.
type SortField uint8

// The sort fields. The zero one is the order of creation.
const (
	ByCreated SortField = iota
	ByUpdated
	ByName // a contact's first and last name, a list's name, without regard to case
)

// Window is the part of a collection that a page shows.
type Window struct {
	Offset int // how many to pass over, 0 or more
	Limit  int // how many at most, 1 or more
	Sort   SortField
	Desc   bool
	// After begins the page behind a position, before Offset counts; nil begins
	// it at the first. It is stable while others come and go, and as fast on
	// the last page as on the first.
	After *Position
}

// Position is a place in a sorted collection: that of what has this key in the
// sort field, and this sid. What was there may be gone by now.
type Position struct {
	Key string // see SortKey; "" when sorted by creation, where the sid tells all
	SID SID
}

// SortKey returns what a contact or list is sorted by, given both of its keys.
func (w Window) SortKey(updated time.Time, nameKey string) string {
	switch w.Sort {
	case ByUpdated:
		return strconv.FormatInt(updated.UnixNano(), 10)
	case ByName:
		return nameKey
	default:
		return ""
	}
}

// ErrNoAdvance means that the next page would not begin behind the one before: the
// database is damaged. Whoever goes through all pages would never come to the
// last one.
var ErrNoAdvance = errors.New("a page does not advance: the database is damaged")

// Advances returns [ErrNoAdvance] unless the position that follows a page of the
// window is behind the one that the page began at; nil begins or ends the pages.
func (w Window) Advances(next *Position) error {
	if w.After == nil || next == nil {
		return nil
	}
	order := 0
	switch w.Sort {
	case ByName:
		order = strings.Compare(next.Key, w.After.Key)
	case ByUpdated:
		after, err := strconv.ParseInt(w.After.Key, 10, 64)
		if err != nil {
			return nil // a cursor that somebody made up; the next one is none
		}
		key, err := strconv.ParseInt(next.Key, 10, 64)
		if err != nil {
			return ErrNoAdvance
		}
		order = cmp.Compare(key, after)
	}
	if order == 0 {
		order = bytes.Compare(next.SID[:], w.After.SID[:])
	}
	if w.Desc {
		order = -order
	}
	if order <= 0 {
		return ErrNoAdvance
	}
	return nil
}

// Period is the time from From on and before Until. A zero time leaves that end open.
type Period struct{ From, Until time.Time }

// All tells whether every time is in the period.
func (p Period) All() bool { return p == Period{} }

// SIDs returns the bounds of the sids of what was created in the period: they begin at
// from and end before until. Nil leaves that end open. It is for stores.
func (p Period) SIDs() (from, until *SID) {
	if !p.From.IsZero() {
		first := firstSID(p.From)
		from = &first
	}
	if !p.Until.IsZero() {
		first := firstSID(p.Until)
		until = &first
	}
	return from, until
}

// Query asks for one page of an account's contacts. Its zero filters let all
// of them pass.
type Query struct {
	Window
	// Number is the contact's number in any spelling. What is no number is an
	// Invalid fault.
	Number string
	// Tag is the contact's whole tag, with regard to case.
	Tag string
	// Email is the contact's e-mail; both compare by their [SearchText].
	Email string
	// Name is a part of the first name, the last name, or both joined by a
	// blank; all compare by their [SearchText].
	Name string
	// Search is words, each of which is a part of the name, the company's name,
	// the e-mail or the number, or a number in any spelling, or a part of one; see
	// [SearchTerms]. There may be [MaxSearchWords] of them.
	Search string
	// Lists are the lists of which the contact must be in one. Nil lets all
	// contacts pass, and lists that are not there have none.
	Lists []SID
	// Numbers are the ranges of which the contact's number must be in one, as
	// [phone.CallingCode.Numbers] returns them. Nil lets all pass.
	Numbers []phone.Range
	// Created is when the contact was created. Sids tell it, to 1/4096 ms.
	Created Period
	// WithLists asks for the lists of each contact.
	WithLists bool
	// NoTotal leaves Page.Total zero. It is for callers that go through all
	// pages: with a filter, counting costs more than reading the page.
	NoTotal bool

	// The numbers of Number and Search, once Book has looked at them.
	number, searched phone.Number
}

// ByNumber returns the one number that the query asks for; zero is any. It is
// for stores.
func (q *Query) ByNumber() phone.Number { return q.number }

// maxSkipped is how many contacts a page's offset may pass over before the page
// counts as a scan.
const maxSkipped = 10_000

// Scans tells whether a store goes through a large part of the account, or may,
// to find the page. Stores keep such queries from holding up the others, which
// cost as much as their page.
func (q *Query) Scans() bool {
	switch {
	case q.number != 0:
		return false // one contact, whatever else is asked for
	case q.Sort != ByCreated || q.Offset > maxSkipped || len(q.Lists) > 1:
		return true
	default:
		return q.Tag != "" || q.Email != "" || q.Name != "" || q.Search != "" || q.Numbers != nil || !q.Created.All()
	}
}

// Page is the answer to a Query.
type Page struct {
	Contacts []Contact
	// Lists has the lists of each of the contacts, by their names, when the
	// query asked for them: of a contact that is in more than [ListsShown] the
	// first ones, and MoreLists is true for it.
	Lists     [][]ListRef
	MoreLists []bool
	Total     int // contacts that match, whatever the page
	// Next is the position of the last contact of the page, nil when none
	// follows.
	Next *Position
}

// ListRef names a list.
type ListRef struct {
	SID  SID
	Name string
}

// maxListRefs is how many lists a page has in all.
const maxListRefs = 10_000

// ListsShown is how many lists of each contact a page of this many contacts has.
// [Book.ListsOf] reads the others.
func ListsShown(contacts int) int { return maxListRefs / max(1, contacts) }

// ListQuery asks for one page of an account's lists.
type ListQuery struct {
	Window
	Name string // a part of the list's name, without regard to case
}

// Scans tells whether a store goes through all of the account's lists to find
// the page.
func (q *ListQuery) Scans() bool {
	return q.Sort != ByCreated || q.Offset > maxSkipped || q.Name != ""
}

// ListPage is the answer to a ListQuery.
type ListPage struct {
	Lists []List
	Total int       // lists that match, whatever the page
	Next  *Position // of the last list of the page, nil when none follows
}
