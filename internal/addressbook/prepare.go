package addressbook

import (
	"time"

	"callbook/internal/account"
	"callbook/internal/phone"
)

// Prepared is what [Book] makes of drafts before it asks any database.
type Prepared struct {
	// Contacts are the drafts that are valid, each with a number of its own,
	// in the order of the drafts.
	Contacts []Contact
	DraftOf  []int // Contacts[i] was made of the draft at DraftOf[i]
	// Repeats are the valid drafts whose number an earlier one has.
	Repeats []Repeat
	// Results has one entry a draft: with the fault of one that is not valid, and
	// otherwise with what was left out, for the caller to fill.
	Results []Result
}

// Repeat is a draft whose number came earlier among the same drafts.
type Repeat struct {
	Draft   int
	Contact int // who has the number, among Prepared.Contacts
}

// Prepare applies every rule that needs no database, and gives what is valid a
// sid and a date. Its contacts are not stored.
func (b *Book) Prepare(acct account.Account, drafts []Draft) (Prepared, error) {
	numbers, err := b.numbers(acct)
	if err != nil {
		return Prepared{}, err
	}
	p := Prepared{
		Contacts: make([]Contact, 0, len(drafts)),
		DraftOf:  make([]int, 0, len(drafts)),
		Results:  make([]Result, len(drafts)),
	}
	first := make(map[phone.Number]int, len(drafts))
	birth := b.births.next(b.clock.Now(), len(drafts))
	for i := range drafts {
		c, leftOut, err := accept(&drafts[i], numbers)
		if err != nil {
			p.Results[i].Fault = err
			continue
		}
		p.Results[i].LeftOut = leftOut
		if at, ok := first[c.Number]; ok {
			p.Repeats = append(p.Repeats, Repeat{Draft: i, Contact: at})
			continue
		}
		first[c.Number] = len(p.Contacts)
		var nanos int64
		c.SID, nanos = birth.take()
		c.Created = time.Unix(0, nanos)
		c.Updated = c.Created
		p.Contacts = append(p.Contacts, c)
		p.DraftOf = append(p.DraftOf, i)
	}
	return p, nil
}

// Fold writes the drafts that are repeats over the contacts whose numbers they
// have, in their order. The drafts are those that p was made of.
func (p *Prepared) Fold(drafts []Draft) {
	for _, again := range p.Repeats {
		first := &p.Contacts[again.Contact]
		given := contactOf(&drafts[again.Draft], first.Number)
		given.Updated = first.Updated
		first.Overwrite(&given)
	}
}

// PrepareList checks the name as [Book.CreateLists] does, and returns a list that is
// not stored.
func (b *Book) PrepareList(name string, kind ListType) (List, error) {
	draft := ListDraft{Name: Given(name)}
	name, err := draft.accept()
	if err != nil {
		return List{}, err
	}
	sid, born := b.Birth()
	return List{SID: sid, Name: name, Type: kind, Created: born, Updated: born}, nil
}

// Birth returns a sid that is later than all that the book made before, and
// the time within it.
func (b *Book) Birth() (SID, time.Time) {
	birth := b.births.next(b.clock.Now(), 1)
	sid, nanos := birth.take()
	return sid, time.Unix(0, nanos)
}
