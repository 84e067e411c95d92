// Package trash stores deleted contacts and lists, with their sids, dates, fields and
// memberships, until somebody restores them or deletes them for good, or until they are
// too old.
//
// A store moves deleted rows into tables of their own, in the transaction that deletes
// them; see [addressbook.Store]. A membership is in the trash while its contact or its
// list is. Restoring the last of the two restores it.
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

// List is a list in the trash. Its ContactCount is that at its deletion.
type List struct {
	addressbook.List
	Deletion addressbook.SID
}

// Deleted returns when the list was deleted.
func (l *List) Deleted() time.Time { return l.Deletion.Time() }

// Query selects a page of an account's contacts or lists in the trash, the most recently
// deleted first.
type Query struct {
	Limit int // 1 or more
	// After is the position after which the page begins; nil means the first page.
	After *Position
	// Deletion selects what belongs to this deletion; zero means all.
	Deletion addressbook.SID
	// Search selects contacts like [addressbook.Query.Search], and lists by a part of
	// their name.
	Search string

	terms addressbook.SearchTerms // the terms of Search, set by the Keeper
}

// Terms returns the conditions of the search of contacts, for stores.
func (q *Query) Terms() addressbook.SearchTerms { return q.terms }

// Position is a position in the trash: that of the item with this deletion and sid.
type Position struct {
	Deletion, SID addressbook.SID
}

// Behind reports whether p comes after other in the order of pages.
func (p Position) Behind(other Position) bool {
	return cmp.Or(bytes.Compare(p.Deletion[:], other.Deletion[:]), bytes.Compare(p.SID[:], other.SID[:])) < 0
}

// Page is the answer to a Query.
type Page[T any] struct {
	Items []T
	Total int       // the number of items on all pages
	Next  *Position // the position of the last item, or nil on the last page
}

// Cut is [addressbook.Cut] for a page.
func (p *Page[T]) Cut(limit int, at func(*T) Position) {
	p.Items, p.Next = addressbook.Cut(p.Items, limit, at)
}

// ContactResult is the result of restoring or erasing a contact.
type ContactResult struct {
	// Contact is the restored or erased contact. With [addressbook.ErrNumberTaken], it is
	// the contact that has the number. Otherwise it is nil.
	Contact *addressbook.Contact
	// Full is the list without room for the contact, with ErrListFull.
	Full  *addressbook.ListRef
	Fault error
}

// ListResult is the result of restoring or erasing a list.
type ListResult struct {
	// List is the restored or erased list. With [addressbook.ErrNameTaken], it is the
	// list that has the name. Otherwise it is nil.
	List  *addressbook.List
	Fault error
}

// The faults of contacts and lists in the trash.
var (
	// ErrNoContact is the fault of a sid that no contact in the trash has.
	ErrNoContact = fault.New(fault.NotFound, "There is no contact with this sid in the trash")
	// ErrNoList is the fault of a sid that no list in the trash has.
	ErrNoList = fault.New(fault.NotFound, "There is no list with this sid in the trash")
	// ErrListFull is the fault of a contact whose list has no room for it any more.
	ErrListFull = fault.New(fault.Duplicate, "A list that the contact was in is full by now")
)
