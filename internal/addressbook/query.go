package addressbook

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"callbook/internal/phone"
)

// Period is the time from From and before Until. A zero time leaves that end open.
type Period struct{ From, Until time.Time }

// All reports whether the period has no ends.
func (p Period) All() bool { return p == Period{} }

// SIDs returns bounds for the sids of what was created in the period: at least from, and
// less than until. Nil leaves an end open. It is for stores.
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

// Query asks for one page of an account's contacts. A zero filter matches all of them.
type Query struct {
	Window
	// Number is the contact's number in any spelling. A text that is no number is an
	// Invalid fault.
	Number string
	// Tag is the contact's whole tag, compared exactly.
	Tag string
	// TagPart is a part of the tag, compared by [SearchText].
	TagPart string
	// Email is the contact's e-mail, compared by [SearchText].
	Email string
	// Name is a part of the first name, the last name, or both joined by a blank,
	// compared by [SearchText].
	Name string
	// Search is up to [MaxSearchWords] words. Each must be a part of the name, the
	// company's name, the e-mail or the number. Instead, the whole search may be a number
	// in any spelling, or a part of one; see [SearchTerms].
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
	// ExceptTags selects contacts that have a tag, but none of these, compared exactly.
	// Nil selects all.
	ExceptTags []string
	// Upload selects the contacts that this upload has added; zero selects all.
	Upload SID
	// Created selects contacts by their date of creation. It is read from sids, so it is
	// exact to 1/4096 ms.
	Created Period
	// Custom selects contacts by their custom field.
	Custom CustomFilter
	// WithLists asks for the lists of each contact.
	WithLists bool
	// NoTotal leaves Page.Total zero. It is for callers that read all pages, because
	// counting with a filter costs more than reading a page.
	NoTotal bool

	// the numbers of Number and Search, set by Book
	number, searched phone.Number
}

// ByNumber returns the number that Number selects, or zero for any. It is for stores.
func (q *Query) ByNumber() phone.Number { return q.number }

// OtherTags returns those of ExceptTags that a contact may have. It is for stores, some
// of which cannot handle other texts.
func (q *Query) OtherTags() []string {
	return slices.DeleteFunc(slices.Clone(q.ExceptTags), func(tag string) bool {
		return !utf8.ValidString(tag) || strings.IndexByte(tag, 0) >= 0
	})
}

// maxSkipped is the largest offset of a page that does not count as a scan.
const maxSkipped = 10_000

// Scans reports whether a store may have to read a large part of the account to find the
// page. Stores keep such queries from holding up the others, which cost no more than
// their page.
func (q *Query) Scans() bool {
	switch {
	case q.number != 0:
		return false // at most one contact matches
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
	// Lists has the lists of each contact, ordered by name, if the query asked for them.
	// If a contact is in more than [ListsShown] lists, it has the first of them, and its
	// MoreLists is true.
	Lists     [][]ListRef
	MoreLists []bool
	Total     int // contacts of all pages
	// Next is the position of the page's last contact, or nil if it is the last page.
	Next *Position
}

// ListRef names a list.
type ListRef struct {
	SID  SID
	Name string
	// Joined is when the contact was added to the list; zero if there is no contact in
	// question.
	Joined time.Time
}

// maxListRefs bounds the lists of a page.
const maxListRefs = 10_000

// ListsShown returns how many lists of each contact a page of this many contacts has.
// [Book.ListsOf] returns the others.
func ListsShown(contacts int) int { return maxListRefs / max(1, contacts) }

// ListQuery asks for one page of an account's lists.
type ListQuery struct {
	Window
	Name string // a part of the list's name, without regard to case
}

// Scans reports whether a store has to read all lists of the account to find the page.
func (q *ListQuery) Scans() bool {
	return q.Sort != ByCreated || q.Offset > maxSkipped || q.Name != ""
}

// ListPage is the answer to a ListQuery.
type ListPage struct {
	Lists []List
	Total int       // lists of all pages
	Next  *Position // the position of the page's last list, or nil if it is the last page
}
