// Package addressbook holds what an account knows of the people it calls: the
// contacts, and the rules of what a valid contact is.
//
// [Book] is the one door to them: the wire API, and whatever else takes
// contacts, all enter there. [Store] is what Book needs of a database.
package addressbook

import (
	"time"

	"callbook/internal/phone"
)

// Contact is one entry of an account's address book.
type Contact struct {
	SID    SID
	Number phone.Number // unique within the account
	Texts  Texts
	// CustomField is the JSON object that was given with the contact, without white
	// space between its tokens and otherwise byte for byte; "" when none was.
	CustomField string
	// Created is the time of creation in nanoseconds, which the sid has too,
	// rounded down to 1/4096 ms: the order by Created and the order by SID are
	// one.
	Created time.Time
	Updated time.Time
	// Joined is when the contact was put into the one list of a query that sorts
	// [ByJoined]; zero in all other contacts.
	Joined time.Time
}

// Text is an optional text: one that was never given is not the same as one
// given as "". The zero Text is one that was never given.
type Text struct {
	Value string
	Given bool
}

// Texts are the texts of a contact, by their [TextField].
type Texts [NumTextFields]Text

// NameKey returns the [NameKey] of the contact's names.
func (c *Contact) NameKey() string {
	return NameKey(c.Texts[FirstName].Value, c.Texts[LastName].Value)
}

// Given returns value as a Text that was given.
func Given(value string) Text { return Text{Value: value, Given: true} }

// Lengths that [Book] accepts. The official pages give none, so they are ours.
const (
	MaxTextLength        = 255   // characters, each of a contact's Texts, and the name and tag of a list
	MaxCustomFieldLength = 16384 // bytes of JSON
)

// Draft is a contact as somebody gave it, before any rule was applied.
type Draft struct {
	Number      Text
	Texts       Texts
	CustomField string // a JSON object, checked to be one by whoever read it; "" for none
	// FirstNumber takes the first number where Number has several, as cells of
	// files have them. Otherwise several numbers are a fault.
	FirstNumber bool
	// Ref is the caller's own name for the draft. Book takes no notice of it.
	Ref Text
	// Fault is why the draft could not even be read. Book passes it on as the
	// draft's result, so that one unreadable draft does not fail its
	// neighbours.
	Fault error
}

// Result is what became of one draft.
type Result struct {
	// Contact is the new contact, or the one that has the number already;
	// otherwise nil.
	Contact *Contact
	// Fault is nil when the contact was created, and when its number was there
	// already and the options were to skip or to update it.
	Fault error
	// LeftOut is how many numbers the draft had beside the one that was taken;
	// see Draft.FirstNumber.
	LeftOut int
}

// CreateOptions change how contacts are created. The zero value creates those
// whose number the account does not have, and refuses the others.
type CreateOptions struct {
	OnDuplicate OnDuplicate
	// DryRun looks at everything and changes nothing.
	DryRun bool
}

// OnDuplicate is what happens to a draft whose number a contact of the account
// or an earlier draft of the same call has already.
type OnDuplicate uint8

// What can happen then.
const (
	RejectDuplicate OnDuplicate = iota // its result is a Duplicate fault, with the contact
	SkipDuplicate                      // its result is the contact as it is
	UpdateDuplicate                    // the fields that it gives are written over the contact's
)

// Overwrite writes the fields that another contact was given over this one's,
// which has the same number. A contact that has all the values already keeps its
// Updated. It is for stores.
func (c *Contact) Overwrite(given *Contact) {
	before := *c
	for i, text := range given.Texts {
		if text.Given {
			c.Texts[i] = text
		}
	}
	if given.CustomField != "" {
		c.CustomField = given.CustomField
	}
	if *c != before {
		c.Updated = latest(given.Updated, c.Created)
	}
}
