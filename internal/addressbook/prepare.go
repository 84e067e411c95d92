package addressbook

import (
	"time"

	"callbook/internal/account"
	"callbook/internal/phone"
)

// Prepared is the result of the rules that need no database.
type Prepared struct {
	// Contacts are made from the valid drafts, in their order. Their numbers differ.
	Contacts []Contact
	DraftOf  []int // Contacts[i] was made from the draft DraftOf[i]
	// Repeats are the valid drafts whose number an earlier draft has.
	Repeats []Repeat
	// Results has one entry per draft. An invalid draft has its fault. A valid one has
	// LeftOut, and the caller fills in the rest.
	Results []Result
}

// Repeat is a draft whose number an earlier draft has.
type Repeat struct {
	Draft   int
	Contact int // index in Prepared.Contacts of the contact with the number
}

// Prepare applies the rules that need no database, and gives each valid contact a sid and
// a date. It stores nothing.
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

// Fold merges repeats into the contacts with their numbers, in order. Drafts must be
// those that p was made from.
func (p *Prepared) Fold(drafts []Draft) {
	for _, again := range p.Repeats {
		first := &p.Contacts[again.Contact]
		given := contactOf(&drafts[again.Draft], first.Number)
		given.Updated = first.Updated
		first.Overwrite(&given)
	}
}

// PrepareList checks the name as [Book.CreateLists] does, and returns a new list without
// storing it.
func (b *Book) PrepareList(name string, kind ListType) (List, error) {
	draft := ListDraft{Name: Given(name)}
	name, err := draft.accept()
	if err != nil {
		return List{}, err
	}
	sid, born := b.Birth()
	return List{SID: sid, Name: name, Type: kind, Created: born, Updated: born}, nil
}

// Birth returns a new sid, which is larger than all earlier ones, and the date in it.
func (b *Book) Birth() (SID, time.Time) {
	birth := b.births.next(b.clock.Now(), 1)
	sid, nanos := birth.take()
	return sid, time.Unix(0, nanos)
}
