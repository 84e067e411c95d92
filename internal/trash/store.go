package trash

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
)

// Store is what [Keeper] needs of a database. Its methods are safe for concurrent use.
// For the account, memory and [journal.Ready], see [addressbook.Store].
type Store interface {
	// TrashedContacts returns a page of the contacts in the trash.
	TrashedContacts(ctx context.Context, account account.ID, q Query) (Page[Contact], error)

	// TrashedLists returns a page of the lists in the trash.
	TrashedLists(ctx context.Context, account account.ID, q Query) (Page[List], error)

	// RestoreContacts restores contacts one after the other, in one transaction, with
	// their memberships in lists that are not in the trash. Each result is the restored
	// contact, or a fault, after which that contact is unchanged: ErrNoContact,
	// [addressbook.ErrNumberTaken] with the contact that has the number, or ErrListFull.
	RestoreContacts(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]ContactResult]) error

	// RestoreLists restores lists one after the other, in one transaction, with their
	// members that are not in the trash. Each result is the restored list, or a fault,
	// after which that list is unchanged: ErrNoList, or [addressbook.ErrNameTaken] with
	// the list that has the name.
	RestoreLists(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]ListResult]) error

	// EraseContacts deletes contacts in the trash for good, in one transaction. Each
	// result is the deleted contact, or ErrNoContact.
	EraseContacts(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]ContactResult]) error

	// EraseLists deletes lists in the trash for good, in one transaction. Each result is
	// the deleted list, or ErrNoList. The list is gone at once; its memberships may stay
	// in the tables until the next Purge.
	EraseLists(ctx context.Context, account account.ID, sids []addressbook.SID, ready journal.Ready[[]ListResult]) error

	// Expired returns the accounts whose trash has something that was deleted before a
	// deletion, or a list that was deleted for good.
	Expired(ctx context.Context, before addressbook.SID) ([]account.ID, error)

	// Purge deletes for good what was deleted before a deletion, the oldest first, in one
	// transaction of about so many rows of contacts, lists and memberships together. It
	// counts contacts and lists in the context's [audit.Note].
	Purge(ctx context.Context, account account.ID, before addressbook.SID, rows int) (Purged, error)
}

// Purged counts what Purge has deleted.
type Purged struct {
	Contacts, Lists int
	More            bool // there may be more to delete
}
