// Package trash keeps contacts and lists that were deleted, with their sids, dates,
// fields and memberships, until they are restored, deleted for good, or too old.
//
// A store moves what is deleted into tables of its own, in the transaction that
// deletes it: see [addressbook.Store]. A membership is in the trash while its contact
// or its list is. It is restored by whichever of the two comes back last.
package trash

import (
	"bytes"
	"cmp"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// Contact is a contact in the trash.
type Contact struct {
	addressbook.Contact
	Deletion addressbook.SID // see [addressbook.Book.NewDeletion]
}

// Deleted returns when the contact was deleted.
func (c *Contact) Deleted() time.Time { return c.Deletion.Time() }

// List is a list in the trash. Its ContactCount is the one that it had when it was
// deleted.
type List struct {
	addressbook.List
	Deletion addressbook.SID
}

// Deleted returns when the list was deleted.
func (l *List) Deleted() time.Time { return l.Deletion.Time() }

// Query asks for one page of an account's contacts or lists in the trash, those
// deleted last first.
type Query struct {
	Limit int // 1 or more
	// After begins the page behind a position; nil begins it at the first.
	After *Position
	// Deletion lets only pass what was deleted under it; the zero one lets all pass.
	Deletion addressbook.SID
	// Search is as [addressbook.Query.Search] for contacts, and a part of the name for
	// lists.
	Search string

	terms addressbook.SearchTerms // of Search, once a Keeper has looked at it
}

// Terms returns the conditions that the search of contacts makes. It is for stores.
func (q *Query) Terms() addressbook.SearchTerms { return q.terms }

// Position is a place in the trash: that of what has this sid and was deleted under
// this deletion.
type Position struct {
	Deletion, SID addressbook.SID
}

// Behind tells whether the position comes after another in the order of pages.
func (p Position) Behind(other Position) bool {
	return cmp.Or(bytes.Compare(p.Deletion[:], other.Deletion[:]), bytes.Compare(p.SID[:], other.SID[:])) < 0
}

// Page is the answer to a Query.
type Page[T any] struct {
	Items []T
	Total int       // how many the query finds, whatever the page
	Next  *Position // of the last item, nil when none follows
}

// Cut is [addressbook.Cut] for a page.
func (p *Page[T]) Cut(limit int, at func(*T) Position) {
	p.Items, p.Next = addressbook.Cut(p.Items, limit, at)
}

// ContactResult is what became of one contact that was to be restored or deleted for
// good.
type ContactResult struct {
	// Contact is the one that was restored or deleted; with
	// [addressbook.ErrNumberTaken], the one that has the number; otherwise nil.
	Contact *addressbook.Contact
	// Full is the list that has no room for the contact, with ErrListFull.
	Full  *addressbook.ListRef
	Fault error
}

// ListResult is what became of one list that was to be restored or deleted for good.
type ListResult struct {
	// List is the one that was restored or deleted; with [addressbook.ErrNameTaken],
	// the one that has the name; otherwise nil.
	List  *addressbook.List
	Fault error
}

// Faults of contacts and lists in the trash.
var (
	// ErrNoContact is the fault of a sid that no contact in the trash has.
	ErrNoContact = fault.New(fault.NotFound, "There is no contact with this sid in the trash")
	// ErrNoList is the fault of a sid that no list in the trash has.
	ErrNoList = fault.New(fault.NotFound, "There is no list with this sid in the trash")
	// ErrListFull is the fault of a contact whose list has no room for it by now.
	ErrListFull = fault.New(fault.Duplicate, "A list that the contact was in is full by now")
)
