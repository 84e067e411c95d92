package addressbook

import (
	"cmp"
	"context"
	"unicode/utf8"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/phone"
)

// Book applies the rules of the address book and stores contacts in a [Store]. It is safe
// for concurrent use.
type Book struct {
	store  Store
	clock  clock.Clock
	strict bool
	forget bool
	wrote  func(Written)
	births births
	// deletions makes the sids of deletions. It is not births, so that a deletion does
	// not move the date of the next contact.
	deletions births
}

// Options configure a [Book]. The zero value is the default.
type Options struct {
	// Clock gives the dates of contacts and lists; nil means [clock.System].
	Clock clock.Clock
	// StrictNumbers accepts numbers in E.164 only, as "+919876543210".
	StrictNumbers bool
	// ForgetDeleted means that deleted contacts and lists do not go into the trash.
	ForgetDeleted bool
	// Written is called after each call of CreateContacts, UpdateContacts and
	// DeleteContacts that has written contacts, dry runs excluded. It must not block, and
	// may be nil.
	Written func(Written)
}

// Written counts the contacts of one call by what became of them.
type Written struct {
	Created, Updated, Deleted int
	// Duplicate counts those whose number another contact has, which stays as it is, and
	// Failed those that failed for another reason.
	Duplicate, Failed int
}

// New returns a Book that stores contacts in store.
func New(store Store, opts Options) *Book {
	if opts.Written == nil {
		opts.Written = func(Written) {}
	}
	return &Book{store: store, clock: cmp.Or(opts.Clock, clock.System), strict: opts.StrictNumbers, forget: opts.ForgetDeleted, wrote: opts.Written}
}

// Resume makes all new sids larger than the stored ones, even if the clock was set back
// before a restart. Until the clock has passed the latest stored date, new dates go on
// from there in steps of 1/4096 ms. Dates of deletions do, too; otherwise they would be
// too old for the trash once the clock is right again. If there are several servers, each
// calls Resume once, at its start.
func (b *Book) Resume(ctx context.Context) error {
	last, err := b.store.LastSID(ctx)
	if err == nil {
		b.births.goOnFrom(last)
		b.deletions.goOnFrom(last)
	}
	return err
}

// These faults are also returned by stores.
var (
	// ErrNoContact is the fault of a sid that no contact of the account has.
	ErrNoContact = fault.New(fault.NotFound, "There is no contact with this sid")
	// ErrNumberTaken is the fault of a number that another contact of the
	// account has.
	ErrNumberTaken = fault.Taken(FieldNumber)
	// ErrChanged is the fault of a patch whose contact has changed in the meantime; see
	// Patch.IfUpdated.
	ErrChanged = fault.New(fault.Changed, "The contact was changed meanwhile")

	errNumberMissing = fault.Mandatory(FieldNumber)
)

// CreateContacts creates, in one transaction, a contact for each valid draft whose number
// the account does not have. The options tell what to do with the others. With
// UpdateDuplicate, drafts with the same number are first merged, each written over the
// one before it, and all of them have the merged contact as their result.
//
// It returns one result per draft, in their order. After an error, nothing was changed.
// It calls ready, unless that is nil, with the results, before they are durable and
// perhaps while contacts are still being written. Nobody may see the results before
// CreateContacts has returned.
func (b *Book) CreateContacts(ctx context.Context, acct account.Account, drafts []Draft, opts CreateOptions, ready journal.Ready[[]Result]) ([]Result, error) {
	p, err := b.Prepare(acct, drafts)
	if err != nil {
		return nil, err
	}
	var taken error // the fault for a number that the account has, or nil
	switch opts.OnDuplicate {
	case RejectDuplicate:
		taken = ErrNumberTaken
	case UpdateDuplicate:
		p.Fold(drafts)
	}
	known := 0 // contacts whose number the account has
	decided := func(existing []*Contact) *journal.Receipt {
		known = 0
		for i := range p.Contacts {
			r := &p.Results[p.DraftOf[i]]
			if existing[i] != nil {
				r.Contact, r.Fault = existing[i], taken
				known++
			} else {
				r.Contact = &p.Contacts[i]
			}
		}
		for _, again := range p.Repeats {
			r := &p.Results[again.Draft]
			r.Contact, r.Fault = p.Results[p.DraftOf[again.Contact]].Contact, taken
		}
		return ready.Receipt(p.Results)
	}
	if len(p.Contacts) == 0 && journal.ClaimOf(ctx).Key == "" {
		decided(nil)
	} else {
		if !opts.DryRun {
			var note *audit.Note
			ctx, note = audit.Begin(ctx, acct.ID)
			note.Refused = len(drafts) - len(p.Contacts)
		}
		if err := b.store.InsertContacts(ctx, acct.ID, p.Contacts, opts, decided); err != nil {
			return nil, err
		}
	}
	if !opts.DryRun {
		b.wrote(p.written(known, opts.OnDuplicate))
	}
	return p.Results, nil
}

// written counts the drafts. The account had the numbers of known contacts.
func (p *Prepared) written(known int, on OnDuplicate) Written {
	again := known + len(p.Repeats)
	n := Written{Created: len(p.Contacts) - known, Failed: len(p.Results) - len(p.Contacts) - len(p.Repeats)}
	if on == UpdateDuplicate {
		n.Updated = again
	} else {
		n.Duplicate = again
	}
	return n
}

// count counts the results of a call. Those without a fault count in done.
func (n *Written) count(results []Result, done *int) {
	for i := range results {
		switch err := results[i].Fault; {
		case err == nil:
			*done++
		case fault.Is(err, fault.Duplicate):
			n.Duplicate++
		default:
			n.Failed++
		}
	}
}

// accept applies to a draft all rules that need no database. LeftOut is that of [Result].
func accept(d *Draft, numbers numberReader) (c Contact, leftOut int, err error) {
	if d.Fault != nil {
		return Contact{}, 0, d.Fault
	}
	if d.Number.Value == "" {
		return Contact{}, 0, errNumberMissing
	}
	var number phone.Number
	if d.FirstNumber {
		number, leftOut, err = numbers.first(d.Number.Value)
	} else {
		number, err = numbers.read(d.Number.Value)
	}
	if err != nil {
		return Contact{}, 0, err
	}
	c = contactOf(d, number)
	return c, leftOut, c.check()
}

func contactOf(d *Draft, number phone.Number) Contact {
	return Contact{Number: number, Texts: d.Texts, CustomField: compact(d.CustomField)}
}

// check returns a fault if a field is too long, or has a value that no store can keep.
func (c *Contact) check() error {
	for i := range c.Texts {
		if err := fault.CheckText(TextFields[i].Key, c.Texts[i].Value, MaxTextLength); err != nil {
			return err
		}
	}
	if len(c.CustomField) > MaxCustomFieldLength {
		return fault.TooLong(FieldCustomField, MaxCustomFieldLength)
	}
	if tooDeep(c.CustomField) {
		return errTooDeep
	}
	if !utf8.ValidString(c.CustomField) {
		return fault.NotUTF8(FieldCustomField)
	}
	return nil
}

// bulk is a bulk write whose invalid items have failed already. The store gets the valid
// ones, even if there are none.
type bulk[V, R any] struct {
	valid   []V
	itemOf  []int // valid[i] was made from item itemOf[i]
	results []R   // of all items, in order
}

// accepted returns a bulk write of the items that accept returns without an error.
func accepted[I, V, R any](items []I, accept func(*I) (V, error), failed func(error) R) *bulk[V, R] {
	b := &bulk[V, R]{valid: make([]V, 0, len(items)), itemOf: make([]int, 0, len(items)), results: make([]R, len(items))}
	for i := range items {
		v, err := accept(&items[i])
		if err != nil {
			b.results[i] = failed(err)
			continue
		}
		b.valid = append(b.valid, v)
		b.itemOf = append(b.itemOf, i)
	}
	return b
}

// ready returns the Ready function for the store's write. It calls next with the results
// of all items.
func (b *bulk[V, R]) ready(next journal.Ready[[]R]) journal.Ready[[]R] {
	return func(written []R) *journal.Receipt {
		for i, r := range written {
			b.results[b.itemOf[i]] = r
		}
		return next.Receipt(b.results)
	}
}

// done returns the results after the store's write.
func (b *bulk[V, R]) done(err error) ([]R, error) {
	if err != nil {
		return nil, err
	}
	return b.results, nil
}

// Contact returns one contact of the account, or a NotFound fault.
func (b *Book) Contact(ctx context.Context, acct account.Account, sid SID) (Contact, error) {
	return b.store.Contact(ctx, acct.ID, sid)
}

// Contacts returns one page of the account's contacts.
func (b *Book) Contacts(ctx context.Context, acct account.Account, q Query) (Page, error) {
	if q.Number != "" {
		var err error
		if q.number, err = b.Number(acct, q.Number); err != nil {
			return Page{}, err
		}
	}
	if q.Search != "" {
		var err error
		if q.searched, err = b.checkSearch(acct, q.Search); err != nil {
			return Page{}, err
		}
	}
	if q.Sort == ByJoined && len(q.Lists) != 1 {
		q.Sort = ByCreated
	}
	page, err := b.store.Contacts(ctx, acct.ID, q)
	if err == nil {
		err = q.Advances(page.Next)
	}
	return page, err
}
