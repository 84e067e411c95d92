package trash

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/clock"
	"callbook/internal/journal"
)

const (
	// DefaultRetention is how long something stays in the trash.
	DefaultRetention = 30 * 24 * time.Hour
	// Forever is the retention of what never leaves the trash for its age.
	Forever time.Duration = -1
	// None is the retention of a trash that keeps nothing: with it, the Book is to
	// forget what is deleted, and what is in the trash already leaves it.
	None time.Duration = -2

	// purgeEvery is how often the keeper looks for what is too old.
	purgeEvery = time.Minute
	// purgeRows is how many rows one transaction deletes: a few hundredths of a second,
	// for which other writes wait.
	purgeRows = 1000
)

// MaxItems is how many contacts or lists one call may restore or delete for good.
const MaxItems = 5000

// Options change how a [Keeper] works. The zero value is the default.
type Options struct {
	// Clock tells the age of what was deleted; nil means [clock.System].
	Clock clock.Clock
	// Log gets what no caller is told; nil means slog.Default().
	Log *slog.Logger
	// Retention is how long something stays in the trash; zero means DefaultRetention.
	Retention time.Duration
}

// Keeper is the one door to the trash. It is safe for concurrent use.
type Keeper struct {
	store     Store
	book      *addressbook.Book
	clock     clock.Clock
	log       *slog.Logger
	retention time.Duration
}

// NewKeeper returns a Keeper of the trash in store. Book tells what a search means.
func NewKeeper(store Store, book *addressbook.Book, opts Options) *Keeper {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Keeper{store: store, book: book, clock: cmp.Or(opts.Clock, clock.System), log: opts.Log, retention: cmp.Or(opts.Retention, DefaultRetention)}
}

// Retention returns how long something stays in the trash, or Forever, or None.
func (k *Keeper) Retention() time.Duration { return k.retention }

// Contacts returns one page of the account's contacts in the trash.
func (k *Keeper) Contacts(ctx context.Context, acct account.Account, q Query) (Page[Contact], error) {
	var err error
	if q.terms, err = k.book.SearchTerms(acct, q.Search); err != nil {
		return Page[Contact]{}, err
	}
	return k.store.TrashedContacts(ctx, acct.ID, q)
}

// Lists returns one page of the account's lists in the trash.
func (k *Keeper) Lists(ctx context.Context, acct account.Account, q Query) (Page[List], error) {
	return k.store.TrashedLists(ctx, acct.ID, q)
}

// RestoreContacts restores contacts as [Store.RestoreContacts] does, and returns one
// result a reference in their order. An error means that nothing was changed. Ready may
// be nil.
func (k *Keeper) RestoreContacts(ctx context.Context, acct account.Account, refs []addressbook.ContactRef, ready journal.Ready[[]ContactResult]) ([]ContactResult, error) {
	return each(refs, failedContact, ready, func(sids []addressbook.SID, ready journal.Ready[[]ContactResult]) error {
		return k.store.RestoreContacts(ctx, acct.ID, sids, ready)
	})
}

// EraseContacts deletes contacts in the trash for good, and is otherwise as
// RestoreContacts.
func (k *Keeper) EraseContacts(ctx context.Context, acct account.Account, refs []addressbook.ContactRef, ready journal.Ready[[]ContactResult]) ([]ContactResult, error) {
	return each(refs, failedContact, ready, func(sids []addressbook.SID, ready journal.Ready[[]ContactResult]) error {
		return k.store.EraseContacts(ctx, acct.ID, sids, ready)
	})
}

// RestoreLists restores lists as [Store.RestoreLists] does, and returns one result a
// reference in their order. An error means that nothing was changed. Ready may be nil.
func (k *Keeper) RestoreLists(ctx context.Context, acct account.Account, refs []addressbook.ContactRef, ready journal.Ready[[]ListResult]) ([]ListResult, error) {
	return each(refs, failedList, ready, func(sids []addressbook.SID, ready journal.Ready[[]ListResult]) error {
		return k.store.RestoreLists(ctx, acct.ID, sids, ready)
	})
}

// EraseLists deletes lists in the trash for good, and is otherwise as RestoreLists.
func (k *Keeper) EraseLists(ctx context.Context, acct account.Account, refs []addressbook.ContactRef, ready journal.Ready[[]ListResult]) ([]ListResult, error) {
	return each(refs, failedList, ready, func(sids []addressbook.SID, ready journal.Ready[[]ListResult]) error {
		return k.store.EraseLists(ctx, acct.ID, sids, ready)
	})
}

func failedContact(err error) ContactResult { return ContactResult{Fault: err} }
func failedList(err error) ListResult       { return ListResult{Fault: err} }

// each writes those references that could be read, and puts the results of all into
// their order.
func each[R any](refs []addressbook.ContactRef, failed func(error) R, ready journal.Ready[[]R], write func([]addressbook.SID, journal.Ready[[]R]) error) ([]R, error) {
	results := make([]R, len(refs))
	sids, at := make([]addressbook.SID, 0, len(refs)), make([]int, 0, len(refs))
	for i, ref := range refs {
		if ref.Fault != nil {
			results[i] = failed(ref.Fault)
			continue
		}
		sids, at = append(sids, ref.SID), append(at, i)
	}
	err := write(sids, func(written []R) *journal.Receipt {
		for i, r := range written {
			results[at[i]] = r
		}
		return ready.Receipt(results)
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// Empty deletes everything for good that is in the account's trash now, in many
// transactions. What was deleted before an error stays deleted, and is returned.
func (k *Keeper) Empty(ctx context.Context, acct account.Account) (Purged, error) {
	return k.purge(ctx, acct.ID, lastDeletion)
}

// lastDeletion is a deletion that is after all others.
var lastDeletion = func() (sid addressbook.SID) {
	for i := range sid {
		sid[i] = math.MaxUint8
	}
	return sid
}()

// Run deletes for good what is too old, now and then, until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	clock.Job{
		Clock: k.clock, Every: purgeEvery, Do: k.purgeExpired,
		Log: k.log, Failed: "old contacts and lists could not be deleted from the trash; it will be tried again",
	}.Run(ctx)
}

// purgeExpired deletes what is too old. After an error it goes on with the other
// accounts.
func (k *Keeper) purgeExpired(ctx context.Context) error {
	before := k.expiry()
	accounts, err := k.store.Expired(ctx, before)
	if err != nil {
		return err
	}
	var all Purged
	var errs []error
	for _, id := range accounts {
		some, err := k.purge(ctx, id, before)
		all.Contacts += some.Contacts
		all.Lists += some.Lists
		errs = append(errs, err)
	}
	if all.Contacts+all.Lists > 0 {
		k.log.Info("deleted from the trash what was too old", "contacts", all.Contacts, "lists", all.Lists)
	}
	return errors.Join(errs...)
}

// expiry is the deletion before which everything is too old.
func (k *Keeper) expiry() addressbook.SID {
	switch k.retention {
	case Forever:
		return addressbook.FirstSID(time.Unix(0, 0)) // after lists that were deleted for good
	case None:
		return lastDeletion
	default:
		return addressbook.FirstSID(k.clock.Now().Add(-k.retention))
	}
}

// purge deletes what was deleted before a deletion, a transaction at a time, so that
// other writes come between.
func (k *Keeper) purge(ctx context.Context, account account.ID, before addressbook.SID) (all Purged, err error) {
	for ctx.Err() == nil {
		some, err := k.store.Purge(ctx, account, before, purgeRows)
		if err != nil {
			return all, err
		}
		all.Contacts += some.Contacts
		all.Lists += some.Lists
		if !some.More {
			return all, nil
		}
	}
	return all, context.Cause(ctx)
}

// Restored counts what became of contacts and lists that were to be restored.
type Restored struct {
	Contacts, Lists int // restored
	Taken           int // contacts whose number another one has by now
	Full            int // contacts for whom a list has no room
	Named           int // lists whose name another one has by now
	// Last is the contact that was restored last; zeros when none was.
	Last addressbook.SID
}

// AddContact counts a contact.
func (d *Restored) AddContact(r ContactResult) {
	switch r.Fault {
	case nil:
		d.Contacts++
		d.Last = r.Contact.SID
	case addressbook.ErrNumberTaken:
		d.Taken++
	case ErrListFull:
		d.Full++
	}
}

// AddList counts a list.
func (d *Restored) AddList(r ListResult) {
	switch r.Fault {
	case nil:
		d.Lists++
	case addressbook.ErrNameTaken:
		d.Named++
	}
}

// RestoreDeletion restores all that was deleted under a deletion and is still in the
// trash, in many transactions: lists first, so that the contacts can join them. What was
// restored before an error stays restored, and is counted.
func (k *Keeper) RestoreDeletion(ctx context.Context, acct account.Account, deletion addressbook.SID) (done Restored, err error) {
	if deletion == addressbook.ForGood {
		return done, nil
	}
	err = restoreAll(ctx, deletion, func(q Query) (Page[List], error) { return k.Lists(ctx, acct, q) }, func(l *List) addressbook.SID { return l.SID },
		func(refs []addressbook.ContactRef) ([]ListResult, error) { return k.RestoreLists(ctx, acct, refs, nil) }, done.AddList)
	if err == nil {
		err = restoreAll(ctx, deletion, func(q Query) (Page[Contact], error) { return k.Contacts(ctx, acct, q) }, func(c *Contact) addressbook.SID { return c.SID },
			func(refs []addressbook.ContactRef) ([]ContactResult, error) {
				return k.RestoreContacts(ctx, acct, refs, nil)
			}, done.AddContact)
	}
	return done, err
}

// restoreAll restores what was deleted under a deletion, page by page. What one page
// takes of the memory, the next one does not need.
func restoreAll[T, R any](ctx context.Context, deletion addressbook.SID, read func(Query) (Page[T], error), sid func(*T) addressbook.SID, restore func([]addressbook.ContactRef) ([]R, error), count func(R)) error {
	share := budget.Of(ctx)
	used := share.Used()
	for q := (Query{Deletion: deletion, Limit: MaxItems}); ; share.Give(used) {
		page, err := read(q)
		if err != nil {
			return err
		}
		refs := make([]addressbook.ContactRef, len(page.Items))
		for i := range page.Items {
			refs[i].SID = sid(&page.Items[i])
		}
		results, err := restore(refs)
		if err != nil {
			return err
		}
		for _, r := range results {
			count(r)
		}
		if q.After = page.Next; q.After == nil {
			return nil
		}
	}
}
