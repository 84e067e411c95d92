package addressbook

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/journal"
	"callbook/internal/phone"
)

// Patch changes a contact. It does not change fields that it does not set.
type Patch struct {
	SID         SID
	Number      Change
	Texts       Changes
	CustomField Change // its value is a JSON object; if not given, the field is cleared
	// IfUpdated, if not zero, is the Updated of the contact that the patch was made for.
	// If the contact has changed since, the patch is not applied. Its result is then
	// ErrChanged with the current contact.
	IfUpdated time.Time
	// Fault is why the patch could not be read; see Draft.
	Fault error

	number phone.Number // the parsed Number, set by Book
	at     time.Time    // the date of the change
}

// Change is the change of one field. It does nothing unless Set is true. Then the field
// becomes the Text, or is cleared if that is not given.
type Change struct {
	Text
	Set bool
}

// Changes are the changes of the texts of a contact, indexed by [TextField].
type Changes [NumTextFields]Change

// NewNumber returns the number that the patch sets, or zero. It is for stores.
func (p *Patch) NewNumber() phone.Number { return p.number }

// Fits reports whether the contact has the date IfUpdated. Stores must check it before
// they apply the patch.
func (p *Patch) Fits(c *Contact) bool {
	return p.IfUpdated.IsZero() || p.IfUpdated.Equal(c.Updated)
}

// Apply applies the patch to the contact, and reports whether that changed anything.
// Otherwise it does not change Updated. It is for stores.
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

// UpdateContacts changes contacts one after the other in one transaction. It returns one
// result per patch, in their order. A patch alone fails if it is not valid, if its
// contact does not exist, or if another contact has its number; the result then has that
// other contact. After an error, nothing was changed. Ready may be nil.
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
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(results []Result) audit.Change {
		return changedContacts(results, now, fieldsOf(write.valid))
	})
	results, err := write.done(b.store.UpdateContacts(ctx, acct.ID, write.valid, write.ready(ready)))
	if err == nil {
		var n Written
		n.count(results, &n.Updated)
		b.wrote(n)
	}
	return results, err
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

// latest returns the later of two dates, so that a change never precedes the creation. It
// could if the clock was set back, or if the creation was one of thousands in the same
// moment.
func latest(at, created time.Time) time.Time {
	if at.Before(created) {
		return created
	}
	return at
}
