package addressbook

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/journal"
)

// Store is the interface that [Book] needs of a database. Its methods are safe for
// concurrent use. They touch only the rows of the account in their arguments.
//
// A method claims the memory of what it reads, by its Weight, from the [budget.Share] of
// ctx as it goes. If the share refuses, the method returns the fault and changes nothing.
//
// Each write calls its [journal.Ready] with the results before it returns. The caller
// must not use the results before the method has returned nil. Then everything is
// durable. After an error, nothing has changed.
type Store interface {
	// InsertContacts adds, in one transaction, the contacts whose numbers are new to the
	// account. Numbers and sids must be distinct within contacts.
	//
	// Ready gets a slice as long as contacts. An element is nil for a new contact, and
	// otherwise the existing contact with the number. InsertContacts calls ready on the
	// caller's goroutine, and for many contacts while it writes the rows. The transaction
	// waits for ready's receipt only if the [journal.Claim] has a key.
	//
	// With UpdateDuplicate, the new contact overwrites the existing one with its number,
	// and ready gets the result. With DryRun, InsertContacts decides everything in the
	// same way, and stores nothing but the receipt.
	InsertContacts(ctx context.Context, account account.ID, contacts []Contact, opts CreateOptions, ready journal.Ready[[]*Contact]) error

	// UpdateContacts applies patches one after the other, in one transaction. Each result
	// is the updated contact, a NotFound fault, a Duplicate fault with the contact that
	// has the number, or a Changed fault with the contact if [Patch.Fits] is false. If
	// [Patch.Apply] changes nothing, the contact keeps its date too.
	UpdateContacts(ctx context.Context, account account.ID, patches []Patch, ready journal.Ready[[]Result]) error

	// DeleteContacts moves contacts and their memberships to the trash, in one
	// transaction, under this deletion. If deletion is [ForGood], it deletes them
	// entirely. Each result is the contact before its deletion, or a NotFound fault.
	DeleteContacts(ctx context.Context, account account.ID, deletion SID, sids []SID, ready journal.Ready[[]Result]) error

	// LastSID returns the largest sid of all accounts' contacts, lists, uploads, waiting
	// files, campaigns and calls, including the trash. It returns the zero SID if there
	// is none.
	LastSID(ctx context.Context) (SID, error)

	// Contact returns one contact, or a NotFound fault.
	Contact(ctx context.Context, account account.ID, sid SID) (Contact, error)

	// Contacts returns one page and the total, both of the same moment.
	Contacts(ctx context.Context, account account.ID, q Query) (Page, error)

	// ListsOf returns at most limit lists of a contact, ordered by name, whose names come
	// after after. A contact that does not exist has none.
	ListsOf(ctx context.Context, account account.ID, contact SID, after string, limit int) ([]ListRef, error)

	// InsertLists adds lists in one transaction. Each result is the list, or a Duplicate
	// fault if the name is taken, perhaps by an earlier list of the same call.
	InsertLists(ctx context.Context, account account.ID, lists []List, ready journal.Ready[[]ListResult]) error

	// UpdateLists applies patches one after the other, in one transaction. Each result is
	// the updated list, a NotFound or Duplicate fault, or a Changed fault with the list
	// if [ListPatch.Fits] is false. If [ListPatch.Apply] changes nothing, the list keeps
	// its date too.
	UpdateLists(ctx context.Context, account account.ID, patches []ListPatch, ready journal.Ready[[]ListResult]) error

	// DeleteLists moves lists and their memberships to the trash, in one transaction, as
	// DeleteContacts does. Each result is the list before its deletion, or a NotFound
	// fault. The contacts stay.
	DeleteLists(ctx context.Context, account account.ID, deletion SID, sids []SID, ready journal.Ready[[]ListResult]) error

	// List returns one list, or a NotFound fault.
	List(ctx context.Context, account account.ID, sid SID) (List, error)

	// ListByName returns the list with exactly this name, or a NotFound fault.
	ListByName(ctx context.Context, account account.ID, name string) (List, error)

	// Lists returns one page and the total, both of the same moment.
	Lists(ctx context.Context, account account.ID, q ListQuery) (ListPage, error)

	// AddMembers adds contacts to a list in one transaction. Each result is the
	// membership, a NotFound fault if there is no such contact, or a Duplicate fault with
	// the existing membership. If the list does not exist, AddMembers returns a NotFound
	// fault and does not call ready.
	AddMembers(ctx context.Context, account account.ID, list SID, members []Membership, ready journal.Ready[[]MembershipResult]) error

	// RemoveMembers removes contacts from a list in one transaction. Each result is the
	// membership before its removal, or a NotFound fault. If the list does not exist,
	// RemoveMembers returns a NotFound fault and does not call ready.
	RemoveMembers(ctx context.Context, account account.ID, list SID, contacts []SID, ready journal.Ready[[]MembershipResult]) error
}
