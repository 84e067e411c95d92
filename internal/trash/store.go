package trash

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
)

// Store is what a [Keeper] needs of a database. All of it is safe for concurrent use.
// The account, memory and [journal.Ready] are as in [addressbook.Store].
type Store interface {
	// TrashedContacts returns one page of the contacts in the trash.
	TrashedContacts(ctx context.Context, account account.ID, q Query) (Page[Contact], error)

	// TrashedLists returns one page of the lists in the trash.
	TrashedLists(ctx context.Context, account account.ID, q Query) (Page[List], error)

	// RestoreContacts restores contacts, one after the other in one transaction, with
	// their memberships in the lists that are there. The result of each is the contact
	// as it was, or a fault, which changes nothing of that contact: ErrNoContact,
	// [addressbook.ErrNumberTaken] with the contact that has the number, or ErrListFull.
	RestoreContacts(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]ContactResult]) error

	// RestoreLists restores lists, one after the other in one transaction, with those
	// of their contacts that are there. The result of each is the list as it is now, or
	// a fault, which changes nothing of that list: ErrNoList, or
	// [addressbook.ErrNameTaken] with the list that has the name.
	RestoreLists(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]ListResult]) error

	// EraseContacts deletes contacts in the trash for good, in one transaction. The
	// result of each is the contact as it was, or ErrNoContact.
	EraseContacts(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]ContactResult]) error

	// EraseLists deletes lists in the trash for good, in one transaction. The result of
	// each is the list as it was, or ErrNoList. From then on nobody finds the list; its
	// memberships may stay in the tables until the next Purge.
	EraseLists(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]ListResult]) error

	// Expired returns the accounts that have something in the trash which was deleted
	// before a deletion, or a list that was deleted for good.
	Expired(ctx context.Context, before addressbook.SID) ([]account.ID, error)

	// Purge deletes for good what was deleted before a deletion, the oldest first, in
	// one transaction: of contacts, lists and memberships together about so many rows.
	Purge(ctx context.Context, account account.ID, before addressbook.SID, rows int) (Purged, error)
}

// Purged is what a call of Purge has deleted.
type Purged struct {
	Contacts, Lists int
	More            bool // something may be left to delete
}
