package addressbook

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"callbook/internal/phone"
)

// Period is the time from From on and before Until. A zero time leaves that end open.
type Period struct{ From, Until time.Time }

// All tells whether every time is in the period.
func (p Period) All() bool { return p == Period{} }

// SIDs returns the bounds of the sids of what was created in the period: they begin at
// from and end before until. Nil leaves that end open. It is for stores.
func (p Period) SIDs() (from, until *SID) {
	if !p.From.IsZero() {
		first := FirstSID(p.From)
		from = &first
	}
	if !p.Until.IsZero() {
		first := FirstSID(p.Until)
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
	// TagPart is a part of the tag; both compare by their [SearchText].
	TagPart string
	// Email is the contact's e-mail; both compare by their [SearchText].
	Email string
	// Name is a part of the first name, the last name, or both joined by a
	// blank; all compare by their [SearchText].
	Name string
	// Search is words, each of which is a part of the name, the company's name,
	// the e-mail or the number, or a number in any spelling, or a part of one; see
	// [SearchTerms]. There may be [MaxSearchWords] of them.
	Search string
	// Lists selects the contacts that are in one of these lists. Nil selects all
	// contacts. A list that does not exist has none.
	Lists []SID
	// Numbers selects the contacts whose number is in one of these ranges, as
	// [phone.CallingCode.Numbers] returns them. Nil selects all.
	Numbers []phone.Range
	// Origins selects the contacts whose number is of one of these regions and kinds of
	// lines.
	Origins phone.Origins
	// Untagged selects only contacts without a tag.
	Untagged bool
	// ExceptTags are tags, with regard to case. The contact must have a tag, and none
	// of these. Nil lets all pass.
	ExceptTags []string
	// Upload is the upload that must have added the contact. One that is not there
	// has added none. Zero lets all pass.
	Upload SID
	// Created is when the contact was created. Sids tell it, to 1/4096 ms.
	Created Period
	// Custom is what the contact's custom field must have.
	Custom CustomFilter
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

// OtherTags returns the ExceptTags that a contact may have. It is for stores, some of
// which cannot be asked for other texts.
func (q *Query) OtherTags() []string {
	return slices.DeleteFunc(slices.Clone(q.ExceptTags), func(tag string) bool {
		return !utf8.ValidString(tag) || strings.IndexByte(tag, 0) >= 0
	})
}

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
		return q.Tag != "" || q.TagPart != "" || q.Untagged || q.ExceptTags != nil || q.Email != "" || q.Name != "" || q.Search != "" ||
			q.Numbers != nil || !q.Origins.All() || !q.Created.All() || q.Upload != SID{} || q.Custom.Key != ""
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
	// Joined is when the contact whose list it is was put into it; zero where no
	// contact is meant.
	Joined time.Time
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
