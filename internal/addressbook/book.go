package addressbook

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// Book applies the rules of the address book and keeps the contacts in a
// [Store]. It is safe for concurrent use.
type Book struct {
	store  Store
	now    func() time.Time
	strict bool
	births births
}

// Options change how a [Book] works. The zero value is the default.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// StrictNumbers accepts numbers in E.164 only, as "+919876543210".
	StrictNumbers bool
}

// New returns a Book that keeps its contacts in store.
func New(store Store, opts Options) *Book {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Book{store: store, now: opts.Now, strict: opts.StrictNumbers}
}

var (
	errNumberMissing = fault.New(fault.Missing, "Number is mandatory")
	errNumberTaken   = fault.New(fault.Duplicate, "A contact with this Number already exists")
)

// CreateContacts creates a contact of each draft that is valid and whose
// number the account does not have yet, all in one transaction.
//
// It calls ready once, with one result a draft and in their order, as soon as
// the results are known and while they are being made durable. They must not
// be shown to anybody before CreateContacts has returned nil. An error means
// that nothing was changed.
func (b *Book) CreateContacts(ctx context.Context, acct account.Account, drafts []Draft, ready func([]Result)) error {
	region, err := phone.RegionByCode(acct.Region)
	if err != nil {
		return fmt.Errorf("account %s: %w", acct.SID, err)
	}
	parse := region.Parse
	if b.strict {
		parse = phone.ParseE164
	}

	results := make([]Result, len(drafts))
	contacts := make([]Contact, 0, len(drafts)) // those with a number of their own
	draftOf := make([]int, 0, len(drafts))      // contacts[i] was made of drafts[draftOf[i]]
	first := make(map[phone.Number]int, len(drafts))
	var repeats []repeat
	birth := b.births.next(b.now(), len(drafts))
	for i := range drafts {
		c, err := accept(&drafts[i], parse)
		if err != nil {
			results[i].Fault = err
			continue
		}
		if at, ok := first[c.Number]; ok {
			repeats = append(repeats, repeat{draft: i, contact: at})
			continue
		}
		first[c.Number] = len(contacts)
		var nanos int64
		c.SID, nanos = birth.take()
		c.Created = time.Unix(0, nanos)
		c.Updated = c.Created
		contacts = append(contacts, c)
		draftOf = append(draftOf, i)
	}

	decided := func(existing []*Contact) {
		for i := range contacts {
			r := &results[draftOf[i]]
			if existing[i] != nil {
				*r = Result{Contact: existing[i], Fault: errNumberTaken}
			} else {
				r.Contact = &contacts[i]
			}
		}
		for _, again := range repeats {
			results[again.draft] = Result{Contact: results[draftOf[again.contact]].Contact, Fault: errNumberTaken}
		}
		ready(results)
	}
	if len(contacts) == 0 {
		decided(nil)
		return nil
	}
	return b.store.InsertContacts(ctx, acct.ID, contacts, decided)
}

// repeat is a draft whose number came earlier in the same request.
type repeat struct{ draft, contact int }

// accept applies every rule that needs no database to a draft.
func accept(d *Draft, parse func(string) (phone.Number, error)) (Contact, error) {
	if d.Fault != nil {
		return Contact{}, d.Fault
	}
	if d.Number.Value == "" {
		return Contact{}, errNumberMissing
	}
	number, err := parse(d.Number.Value)
	if err != nil {
		return Contact{}, err
	}
	c := Contact{
		Number:      number,
		FirstName:   d.FirstName,
		LastName:    d.LastName,
		CompanyName: d.CompanyName,
		Email:       d.Email,
		Tag:         d.Tag,
		CustomField: d.CustomField,
	}
	return c, c.check()
}

// check refuses what no store keeps or no field is meant for.
func (c *Contact) check() error {
	for _, f := range [...]struct {
		name string
		text string
	}{
		{"FirstName", c.FirstName.Value},
		{"LastName", c.LastName.Value},
		{"CompanyName", c.CompanyName.Value},
		{"Email", c.Email.Value},
		{"Tag", c.Tag.Value},
	} {
		switch {
		case len(f.text) > MaxTextLength && utf8.RuneCountInString(f.text) > MaxTextLength:
			return tooLong(f.name, MaxTextLength)
		case strings.IndexByte(f.text, 0) >= 0:
			return fault.New(fault.Invalid, "Invalid "+f.name+": the NUL character is not allowed")
		case !utf8.ValidString(f.text):
			return fault.New(fault.Invalid, "Invalid "+f.name+": not valid UTF-8")
		}
	}
	if len(c.CustomField) > MaxCustomFieldLength {
		return tooLong("CustomField", MaxCustomFieldLength)
	}
	if !utf8.ValidString(c.CustomField) {
		return fault.New(fault.Invalid, "Invalid CustomField: not valid UTF-8")
	}
	return nil
}

func tooLong(name string, limit int) error {
	return fault.New(fault.Invalid, fmt.Sprintf("Maximum allowed length for %s is %d", name, limit))
}

// Contact returns one contact of the account, or a NotFound fault.
func (b *Book) Contact(ctx context.Context, acct account.Account, sid SID) (Contact, error) {
	return b.store.Contact(ctx, acct.ID, sid)
}

// Contacts returns one page of the account's contacts.
func (b *Book) Contacts(ctx context.Context, acct account.Account, q Query) (Page, error) {
	return b.store.Contacts(ctx, acct.ID, q)
}
