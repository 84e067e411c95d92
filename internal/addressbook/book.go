package addressbook

import (
	"cmp"
	"context"
	"strings"
	"unicode/utf8"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/phone"
)

// Book applies the rules of the address book and keeps the contacts in a
// [Store]. It is safe for concurrent use.
type Book struct {
	store  Store
	clock  clock.Clock
	strict bool
	forget bool
	births births
	// deletions are moments of their own, so that a deletion does not move the date of
	// the next contact.
	deletions births
}

// Options change how a [Book] works. The zero value is the default.
type Options struct {
	// Clock dates contacts and lists; nil means [clock.System].
	Clock clock.Clock
	// StrictNumbers accepts numbers in E.164 only, as "+919876543210".
	StrictNumbers bool
	// ForgetDeleted keeps nothing that is deleted.
	ForgetDeleted bool
}

// New returns a Book that keeps its contacts in store.
func New(store Store, opts Options) *Book {
	return &Book{store: store, clock: cmp.Or(opts.Clock, clock.System), strict: opts.StrictNumbers, forget: opts.ForgetDeleted}
}

// Resume makes all sids from now on larger than those that are stored, as they
// were made before a restart, whatever the clock says: after it was set back,
// new dates of creation go on from the latest one that is stored, in steps of
// 1/4096 ms, until the clock has passed it. So do deletions, which would be too old
// for the trash otherwise when the clock is right again. Of several servers, each has
// looked once, when it started.
func (b *Book) Resume(ctx context.Context) error {
	last, err := b.store.LastSID(ctx)
	if err == nil {
		b.births.goOnFrom(last)
		b.deletions.goOnFrom(last)
	}
	return err
}

// Faults of contacts that stores tell, too.
var (
	// ErrNoContact is the fault of a sid that no contact of the account has.
	ErrNoContact = fault.New(fault.NotFound, "There is no contact with this sid")
	// ErrNumberTaken is the fault of a number that another contact of the
	// account has.
	ErrNumberTaken = fault.Taken(FieldNumber)
	// ErrChanged is the fault of a patch whose contact has changed since; see
	// Patch.IfUpdated.
	ErrChanged = fault.New(fault.Changed, "The contact was changed meanwhile")

	errNumberMissing = fault.Mandatory(FieldNumber)
)

// CreateContacts creates a contact of each draft that is valid and whose
// number the account does not have yet, all in one transaction. The options say
// what happens to the others. With UpdateDuplicate, of drafts with the same
// number each is first written over the one before it, and all of them have the
// contact that comes of it as their result.
//
// It returns one result a draft, in their order. An error means that nothing was
// changed. Ready, which may be nil, gets the results before they are durable, and
// while many contacts are being written. Nobody may see them before
// CreateContacts has returned.
func (b *Book) CreateContacts(ctx context.Context, acct account.Account, drafts []Draft, opts CreateOptions, ready journal.Ready[[]Result]) ([]Result, error) {
	p, err := b.Prepare(acct, drafts)
	if err != nil {
		return nil, err
	}
	var taken error // the fault of a number that is
	switch opts.OnDuplicate {
	case RejectDuplicate:
		taken = ErrNumberTaken
	case UpdateDuplicate:
		p.Fold(drafts)
	}
	decided := func(existing []*Contact) *journal.Receipt {
		for i := range p.Contacts {
			r := &p.Results[p.DraftOf[i]]
			if existing[i] != nil {
				r.Contact, r.Fault = existing[i], taken
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
	} else if err := b.store.InsertContacts(ctx, acct.ID, p.Contacts, opts, decided); err != nil {
		return nil, err
	}
	return p.Results, nil
}

// accept applies every rule that needs no database to a draft. LeftOut is as in
// [Result].
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

// check refuses what no store keeps or no field is meant for.
func (c *Contact) check() error {
	for i := range c.Texts {
		if err := checkText(TextFields[i].Key, c.Texts[i].Value); err != nil {
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

// checkText refuses a text that is too long or that no store keeps.
func checkText(field fault.Field, text string) error {
	switch {
	case len(text) > MaxTextLength && utf8.RuneCountInString(text) > MaxTextLength:
		return fault.TooLong(field, MaxTextLength)
	case strings.IndexByte(text, 0) >= 0:
		return fault.HasNUL(field)
	case !utf8.ValidString(text):
		return fault.NotUTF8(field)
	}
	return nil
}

// bulk is a bulk write whose invalid items have failed already. The store gets
// the valid ones, be there any or none.
type bulk[V, R any] struct {
	valid   []V
	itemOf  []int // valid[i] was made of item itemOf[i]
	results []R   // of all items, in their order
}

// accepted returns a bulk write of those items that accept takes.
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

// ready returns the Ready of the store's write. It passes the results of all
// items on to next.
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
