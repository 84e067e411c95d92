package addressbook

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/journal"
)

// Store is what [Book] needs of a database. All of it is safe for concurrent
// use. The account is always the account's own id; no method ever touches
// another's rows.
//
// What a method reads into memory, it claims of the [budget.Share] of ctx, by its
// Weight, before it reads on. When that is refused, the method returns the fault
// and changes nothing.
//
// Each write calls its [journal.Ready] with its results before it returns.
// Nobody may see the results before the method has returned nil. Then everything
// is durable; after an error nothing was changed.
type Store interface {
	// InsertContacts adds, in one transaction, those contacts whose number the
	// account does not have yet. Numbers and sids are distinct within contacts.
	//
	// Ready gets a slice as long as contacts: nil for a contact that is new, and for
	// the others the one that has the number already. It is called on the caller's
	// goroutine and, when there are many contacts, while the rows are written. The
	// transaction waits for its receipt only when the [journal.Claim] has a key.
	//
	// With UpdateDuplicate, the contact that has a number already is overwritten
	// with the new one, and ready is given it as it is afterwards. With DryRun,
	// all is decided in the same way, and nothing but the receipt is stored.
	InsertContacts(ctx context.Context, account account.ID, contacts []Contact, opts CreateOptions, ready journal.Ready[[]*Contact]) error

	// UpdateContacts applies patches one after the other, in one transaction.
	// The result of each is the contact as it is now (the same as before, date and
	// all, when [Patch.Apply] makes no difference), a NotFound fault, a
	// Duplicate fault with the contact that has the number, or a Changed fault
	// with the contact when [Patch.Fits] says no.
	UpdateContacts(ctx context.Context, account account.ID, patches []Patch, ready journal.Ready[[]Result]) error

	// DeleteContacts deletes contacts and their memberships, in one
	// transaction. The result of each is the contact as it last was, or a
	// NotFound fault. Contacts and memberships go into the trash, under this
	// deletion; of [ForGood], nothing of them stays.
	DeleteContacts(ctx context.Context, account account.ID, deletion SID, sids []SID, ready journal.Ready[[]Result]) error

	// LastSID returns the largest sid that any account's contact, list, upload,
	// waiting file, campaign or call has, be it in the trash; zeros when there is
	// none.
	LastSID(ctx context.Context) (SID, error)

	// Contact returns one contact, or a NotFound fault.
	Contact(ctx context.Context, account account.ID, sid SID) (Contact, error)

	// Contacts returns one page, and the total at that same moment.
	Contacts(ctx context.Context, account account.ID, q Query) (Page, error)

	// ListsOf returns lists of a contact, by their names: those whose name comes
	// after one, and limit at most. A contact that is not there has none.
	ListsOf(ctx context.Context, account account.ID, contact SID, after string, limit int) ([]ListRef, error)

	// InsertLists adds lists, in one transaction. The result of each is the
	// list, or a Duplicate fault when the name is taken, which may be by a list
	// before it in the same call.
	InsertLists(ctx context.Context, account account.ID, lists []List, ready journal.Ready[[]ListResult]) error

	// UpdateLists applies patches one after the other, in one transaction. The
	// result of each is the list as it is now (the same as before, date and all, when
	// [ListPatch.Apply] makes no difference), a NotFound or Duplicate fault, or a
	// Changed fault with the list when [ListPatch.Fits] says no.
	UpdateLists(ctx context.Context, account account.ID, patches []ListPatch, ready journal.Ready[[]ListResult]) error

	// DeleteLists deletes lists and their memberships, in one transaction. The
	// result of each is the list as it last was, or a NotFound fault. The
	// contacts stay. The trash gets what it gets of DeleteContacts.
	DeleteLists(ctx context.Context, account account.ID, deletion SID, sids []SID, ready journal.Ready[[]ListResult]) error

	// List returns one list, or a NotFound fault.
	List(ctx context.Context, account account.ID, sid SID) (List, error)

	// ListByName returns the list with this name, to the letter, or a NotFound
	// fault.
	ListByName(ctx context.Context, account account.ID, name string) (List, error)

	// Lists returns one page, and the total at that same moment.
	Lists(ctx context.Context, account account.ID, q ListQuery) (ListPage, error)

	// AddMembers puts contacts into a list, in one transaction. The result of
	// each is the membership, a NotFound fault when there is no such contact, or
	// a Duplicate fault with the membership that is there already. When the list
	// is not there, ready is not called, and the error is a NotFound fault.
	AddMembers(ctx context.Context, account account.ID, list SID, members []Membership, ready journal.Ready[[]MembershipResult]) error

	// RemoveMembers takes contacts out of a list, in one transaction. The result
	// of each is the membership as it last was, or a NotFound fault. When the
	// list is not there, ready is not called, and the error is a NotFound fault.
	RemoveMembers(ctx context.Context, account account.ID, list SID, contacts []SID, ready journal.Ready[[]MembershipResult]) error
}
