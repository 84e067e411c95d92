package addressbook

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/journal"
	"callbook/internal/phone"
)

// Patch changes a contact: what it does not set stays as it is.
type Patch struct {
	SID         SID
	Number      Change
	Texts       Changes
	CustomField Change // its Text's Value is a JSON object; not given empties it
	// IfUpdated, when not zero, is the Updated of the contact as whoever made
	// the patch saw it. When the contact has another by now, the patch is not
	// applied, and its result is ErrChanged with the contact as it is.
	IfUpdated time.Time
	// Fault is why the patch could not even be read; see Draft.
	Fault error

	number phone.Number // of Number, once Book has looked at it
	at     time.Time    // when the contact was changed
}

// Change is what a Patch does to one field: nothing unless Set is true, and then
// the field becomes the Text. One that is not given empties it.
type Change struct {
	Text
	Set bool
}

// Changes are what a Patch does to the texts of a contact, by their [TextField].
type Changes [NumTextFields]Change

// NewNumber returns the number that the patch sets; zero is none. It is for
// stores.
func (p *Patch) NewNumber() phone.Number { return p.number }

// Fits tells whether the contact is as the patch's IfUpdated wants it. It is for
// stores, which ask before they apply the patch.
func (p *Patch) Fits(c *Contact) bool {
	return p.IfUpdated.IsZero() || p.IfUpdated.Equal(c.Updated)
}

// Apply changes the contact, and reports whether that made a difference: a contact
// that has all the values already keeps its Updated. It is for stores, which have
// the contact.
func (p *Patch) Apply(c *Contact) (changed bool) {
	before := *c
	if p.number != 0 {
		c.Number = p.number
	}
	for i := range p.Texts {
		if p.Texts[i].Set {
			c.Texts[i] = p.Texts[i].Text
		}
	}
	if p.CustomField.Set {
		c.CustomField = p.CustomField.Value
	}
	if *c == before {
		return false
	}
	c.Updated = latest(p.at, c.Created)
	return true
}

// UpdateContacts changes contacts, one after the other in one transaction, and
// returns one result a patch in their order. A patch that is not valid, whose
// contact is not there, or whose number another contact has fails alone; in the
// last case the result has that other contact. An error means that nothing was
// changed. Ready may be nil.
func (b *Book) UpdateContacts(ctx context.Context, acct account.Account, patches []Patch, ready journal.Ready[[]Result]) ([]Result, error) {
	numbers, err := b.numbers(acct)
	if err != nil {
		return nil, err
	}
	now := b.clock.Now()
	write := accepted(patches, func(p *Patch) (Patch, error) {
		patch := *p
		return patch, patch.accept(numbers, now)
	}, failedContact)
	return write.done(b.store.UpdateContacts(ctx, acct.ID, write.valid, write.ready(ready)))
}

// accept applies the rules that need no database.
func (p *Patch) accept(numbers numberReader, now time.Time) error {
	if p.Fault != nil {
		return p.Fault
	}
	if p.Number.Set {
		if p.Number.Value == "" {
			return errNumberMissing
		}
		number, err := numbers.read(p.Number.Value)
		if err != nil {
			return err
		}
		p.number = number
	}
	p.CustomField.Value = compact(p.CustomField.Value)
	p.at = now
	var c Contact
	p.Apply(&c)
	return c.check()
}

func failedContact(err error) Result { return Result{Fault: err} }

// latest keeps a change from coming before the creation, when the clock was set
// back or the creation was one of thousands in a moment.
func latest(at, created time.Time) time.Time {
	if at.Before(created) {
		return created
	}
	return at
}
