// Package addressbook holds what an account knows of the people it calls: the contacts,
// and the rules of what a valid contact is.
//
// Whatever reads or changes contacts uses [Book]. [Store] is what Book needs of a
// database.
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
	// CustomField is the JSON object that the contact was given, without white space
	// between its tokens and otherwise unchanged; "" if it was given none.
	CustomField string
	// Created is the date in the sid, with nanoseconds that are rounded down to 1/4096
	// ms. So sorting by Created and by SID are the same.
	Created time.Time
	Updated time.Time
	// Joined is when the contact was added to the list of a query that sorts [ByJoined].
	// It is zero in the results of all other queries.
	Joined time.Time
}

// Text is an optional text. A text that was never given differs from one that was given
// as "". The zero Text was never given.
type Text struct {
	Value string
	Given bool
}

// Texts are the texts of a contact, indexed by [TextField].
type Texts [NumTextFields]Text

// NameKey returns the [NameKey] of the contact's names.
func (c *Contact) NameKey() string {
	return NameKey(c.Texts[FirstName].Value, c.Texts[LastName].Value)
}

// Given returns value as a Text that was given.
func Given(value string) Text { return Text{Value: value, Given: true} }

// These bound the fields of contacts. Exotel documents no bounds.
const (
	MaxTextLength        = 255   // characters, each of a contact's Texts, and the name and tag of a list
	MaxCustomFieldLength = 16384 // bytes of JSON
)

// Draft is a contact as somebody gave it, before any rule was applied.
type Draft struct {
	Number      Text
	Texts       Texts
	CustomField string // a valid JSON object; "" for none
	// FirstNumber takes the first number if Number has several, as cells of files do.
	// Otherwise several numbers are a fault.
	FirstNumber bool
	// Ref is the caller's name for the draft. Book ignores it.
	Ref Text
	// Fault is why the draft could not be read, or nil. Book returns it as the draft's
	// result, so that the other drafts do not fail.
	Fault error
}

// Result is the result of a draft or a patch.
type Result struct {
	// Contact is the new contact, or the one that has the number already; nil if there is
	// neither.
	Contact *Contact
	// Fault is nil if the contact was created, or if its number existed and the options
	// were to skip or update it.
	Fault error
	// LeftOut is how many further numbers the draft had; see Draft.FirstNumber.
	LeftOut int
}

// CreateOptions configure how contacts are created. The zero value rejects drafts whose
// number the account has.
type CreateOptions struct {
	OnDuplicate OnDuplicate
	// DryRun returns the results without changing anything.
	DryRun bool
}

// OnDuplicate tells what to do with a draft whose number the account or an earlier draft
// of the same call has.
type OnDuplicate uint8

// What can happen then.
const (
	RejectDuplicate OnDuplicate = iota // its result is a Duplicate fault with the existing contact
	SkipDuplicate                      // its result is the existing contact, unchanged
	UpdateDuplicate                    // the fields that it gives overwrite those of the existing contact
)

// Overwrite overwrites the fields of c that given gives; both have the same number. It
// changes Updated only if a value changes. It is for stores.
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
