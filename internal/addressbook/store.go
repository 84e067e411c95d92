package addressbook

import (
	"context"

	"callbook/internal/fault"
)

// Store is what [Book] needs of a database. All of it is safe for concurrent
// use. The account is always the account's own id; no method ever touches
// another's rows.
type Store interface {
	// InsertContacts adds, in one transaction, those contacts whose number the
	// account does not have yet. Numbers and sids are distinct within contacts.
	//
	// As soon as it is known which those are, it calls decided once with a
	// slice as long as contacts: nil for a contact that is new, and for the
	// others the one that has the number already. That is the time to prepare
	// an answer, on the caller's goroutine and while the rows are written, but
	// nothing of it may be shown to anybody before InsertContacts has returned
	// nil. Then everything is durable; after an error nothing was changed.
	InsertContacts(ctx context.Context, account int64, contacts []Contact, decided func(existing []*Contact)) error

	// Contact returns one contact, or a NotFound fault.
	Contact(ctx context.Context, account int64, sid SID) (Contact, error)

	// Contacts returns one page, and the total at that same moment.
	Contacts(ctx context.Context, account int64, q Query) (Page, error)
}

// ErrNoContact is the fault of a sid that no contact of the account has.
var ErrNoContact = fault.New(fault.NotFound, "There is no contact with this sid")
