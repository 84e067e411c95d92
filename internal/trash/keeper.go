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
	"callbook/internal/audit"
	"callbook/internal/budget"
	"callbook/internal/clock"
	"callbook/internal/journal"
)

const (
	// DefaultRetention is how long deleted things stay in the trash by default.
	DefaultRetention = 30 * 24 * time.Hour
	// Forever is the retention of a trash that never removes anything because of its age.
	Forever time.Duration = -1
	// None is the retention of a trash that keeps nothing. With it, the Book must delete
	// things for good, and the Keeper purges what is still in the trash.
	None time.Duration = -2

	// purgeEvery is how often the Keeper purges what is too old.
	purgeEvery = time.Minute
	// purgeRows is how many rows one transaction deletes. It takes a few hundredths of a
	// second, for which other writes wait.
	purgeRows = 1000
)

// MaxItems bounds the contacts or lists that one call restores or deletes for good.
const MaxItems = 5000

// Options change how a [Keeper] works. The zero value is the default.
type Options struct {
	// Clock tells the age of deleted things; nil means [clock.System].
	Clock clock.Clock
	// Log receives errors of work in the background; nil means slog.Default().
	Log *slog.Logger
	// Retention is how long deleted things stay in the trash; zero means
	// DefaultRetention.
	Retention time.Duration
}

// Keeper manages the trash. It is safe for concurrent use.
type Keeper struct {
	store     Store
	book      *addressbook.Book
	clock     clock.Clock
	log       *slog.Logger
	retention time.Duration
}

// NewKeeper returns a Keeper of the trash in store. Book parses searches.
func NewKeeper(store Store, book *addressbook.Book, opts Options) *Keeper {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Keeper{store: store, book: book, clock: cmp.Or(opts.Clock, clock.System), log: opts.Log, retention: cmp.Or(opts.Retention, DefaultRetention)}
}

// Retention returns how long deleted things stay in the trash, or Forever, or None.
func (k *Keeper) Retention() time.Duration { return k.retention }

// Contacts returns a page of the account's contacts in the trash.
func (k *Keeper) Contacts(ctx context.Context, acct account.Account, q Query) (Page[Contact], error) {
	var err error
	if q.terms, err = k.book.SearchTerms(acct, q.Search); err != nil {
		return Page[Contact]{}, err
	}
	return k.store.TrashedContacts(ctx, acct.ID, q)
}

// Lists returns a page of the account's lists in the trash.
func (k *Keeper) Lists(ctx context.Context, acct account.Account, q Query) (Page[List], error) {
	return k.store.TrashedLists(ctx, acct.ID, q)
}

// RestoreContacts restores contacts; see [Store.RestoreContacts]. It returns one result
// for each reference, in their order. After an error, nothing has changed. Ready may be
// nil.
func (k *Keeper) RestoreContacts(ctx context.Context, acct account.Account, refs []addressbook.ContactRef, ready journal.Ready[[]ContactResult]) ([]ContactResult, error) {
	ctx, ready = audited(ctx, acct, audit.ContactsRestore, ready, contactSID)
	return each(refs, failedContact, ready, func(sids []addressbook.SID, ready journal.Ready[[]ContactResult]) error {
		return k.store.RestoreContacts(ctx, acct.ID, sids, ready)
	})
}

// EraseContacts deletes contacts in the trash for good. Otherwise it is like
// RestoreContacts.
func (k *Keeper) EraseContacts(ctx context.Context, acct account.Account, refs []addressbook.ContactRef, ready journal.Ready[[]ContactResult]) ([]ContactResult, error) {
	ctx, ready = audited(ctx, acct, audit.ContactsErase, ready, contactSID)
	return each(refs, failedContact, ready, func(sids []addressbook.SID, ready journal.Ready[[]ContactResult]) error {
		return k.store.EraseContacts(ctx, acct.ID, sids, ready)
	})
}

// RestoreLists restores lists; see [Store.RestoreLists]. It returns one result for each
// reference, in their order. After an error, nothing has changed. Ready may be nil.
func (k *Keeper) RestoreLists(ctx context.Context, acct account.Account, refs []addressbook.ContactRef, ready journal.Ready[[]ListResult]) ([]ListResult, error) {
	ctx, ready = audited(ctx, acct, audit.ListsRestore, ready, listSID)
	return each(refs, failedList, ready, func(sids []addressbook.SID, ready journal.Ready[[]ListResult]) error {
		return k.store.RestoreLists(ctx, acct.ID, sids, ready)
	})
}

// EraseLists deletes lists in the trash for good. Otherwise it is like RestoreLists.
func (k *Keeper) EraseLists(ctx context.Context, acct account.Account, refs []addressbook.ContactRef, ready journal.Ready[[]ListResult]) ([]ListResult, error) {
	ctx, ready = audited(ctx, acct, audit.ListsErase, ready, listSID)
	return each(refs, failedList, ready, func(sids []addressbook.SID, ready journal.Ready[[]ListResult]) error {
		return k.store.EraseLists(ctx, acct.ID, sids, ready)
	})
}

// audited is [journal.Audited] for results of contacts or lists.
func audited[R any](ctx context.Context, acct account.Account, action audit.Action, ready journal.Ready[[]R], sid func(*R) (addressbook.SID, error)) (context.Context, journal.Ready[[]R]) {
	return journal.Audited(ctx, acct.ID, ready, func(results []R) audit.Change { return audit.Results(action, results, sid) })
}

func contactSID(r *ContactResult) (addressbook.SID, error) {
	if r.Fault != nil {
		return addressbook.SID{}, r.Fault
	}
	return r.Contact.SID, nil
}

func listSID(r *ListResult) (addressbook.SID, error) {
	if r.Fault != nil {
		return addressbook.SID{}, r.Fault
	}
	return r.List.SID, nil
}

func failedContact(err error) ContactResult { return ContactResult{Fault: err} }
func failedList(err error) ListResult       { return ListResult{Fault: err} }

// each calls write with the sids of all valid references, and returns one result for each
// reference, in their order.
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
// transactions. After an error, it returns what it has deleted so far.
func (k *Keeper) Empty(ctx context.Context, acct account.Account) (Purged, error) {
	return k.purge(ctx, acct.ID, lastDeletion, audit.TrashEmpty)
}

// lastDeletion sorts after all deletions.
var lastDeletion = func() (sid addressbook.SID) {
	for i := range sid {
		sid[i] = math.MaxUint8
	}
	return sid
}()

// Run purges what is too old from time to time, until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	clock.Job{
		Clock: k.clock, Every: purgeEvery, Do: k.purgeExpired,
		Log: k.log, Failed: "old contacts and lists could not be deleted from the trash; it will be tried again",
	}.Run(ctx)
}

// purgeExpired purges what is too old. After an error, it goes on with the other
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
		some, err := k.purge(ctx, id, before, audit.TrashExpire)
		all.Contacts += some.Contacts
		all.Lists += some.Lists
		errs = append(errs, err)
	}
	if all.Contacts+all.Lists > 0 {
		k.log.Info("deleted from the trash what was too old", "contacts", all.Contacts, "lists", all.Lists)
	}
	return errors.Join(errs...)
}

// expiry returns the deletion before which all deletions are too old.
func (k *Keeper) expiry() addressbook.SID {
	switch k.retention {
	case Forever:
		return addressbook.FirstSID(time.Unix(0, 0)) // lists that were deleted for good come before this one
	case None:
		return lastDeletion
	default:
		return addressbook.FirstSID(k.clock.Now().Add(-k.retention))
	}
}

// purge deletes for good what was deleted before a deletion. It uses many transactions,
// so that other writes come between.
func (k *Keeper) purge(ctx context.Context, account account.ID, before addressbook.SID, action audit.Action) (all Purged, err error) {
	ctx, _ = audit.Begin(ctx, account, audit.Change{Action: action})
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

// Restored counts the results of restoring contacts and lists.
type Restored struct {
	Contacts, Lists int // restored
	Taken           int // contacts whose number another contact has by now
	Full            int // contacts with a list that has no room for them
	Named           int // lists whose name another list has by now
	// Last is the sid of the contact that was restored last, or zero.
	Last addressbook.SID
}

// AddContact counts the result of a contact.
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

// AddList counts the result of a list.
func (d *Restored) AddList(r ListResult) {
	switch r.Fault {
	case nil:
		d.Lists++
	case addressbook.ErrNameTaken:
		d.Named++
	}
}

// RestoreDeletion restores everything in the trash that belongs to a deletion, in many
// transactions: first lists, so that the contacts can join them. After an error, it
// returns what it has restored so far.
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

// restoreAll restores what belongs to a deletion, page by page. It releases each page's
// memory before the next one.
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
