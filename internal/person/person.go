// Package person gives out and erases everything that is stored about the person behind
// one number: the contact, what campaigns have done with the number, kept answers, rows
// and files of imports. [Places] says for each table what becomes of it.
package person

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/suppression"
	"callbook/internal/upload"
)

// Found is what is stored about a person.
type Found struct {
	Number phone.Number
	// Contacts are the contact with the number, and those in the trash.
	Contacts     []Contact
	Suppressions []suppression.Suppression
	// Campaigns have the number among their own, and not by a list.
	Campaigns []Campaign
	Targets   []Target
	Calls     []campaign.Call
	Events    []Event
	// Dialogs is how many calls that have ended still have the record with which a trunk
	// would end them.
	Dialogs   int
	Answers   []Answer
	ErrorRows []ErrorRow
	Files     []File
}

// Contact is a contact of the person, with its lists.
type Contact struct {
	addressbook.Contact
	Deletion addressbook.SID // zero unless it is in the trash
	Lists    []addressbook.ListRef
}

// Campaign is a campaign of the account.
type Campaign struct {
	SID  addressbook.SID
	Name string
}

// Target is the person as a target of a campaign.
type Target struct {
	Campaign Campaign
	campaign.Target
}

// Event is an event that tells of the person.
type Event struct {
	event.Event
	State event.State
}

// Answer is a stored answer with an idempotency key, or a kept page of the dashboard, that
// holds the person.
type Answer struct {
	Key     string
	Created time.Time
	Parts   []json.RawMessage // the objects with the person
}

// ErrorRow is a row of an import that was not imported.
type ErrorRow struct {
	Upload   addressbook.SID
	FileName string
	upload.ErrorRow
}

// File is a file of an import that has not ended.
type File struct {
	SID      addressbook.SID
	FileName string
	Running  bool // the import is under way; otherwise it waits for somebody to start it
	Rows     [][]string
}

// Store is what [Persons] needs of a database. Its methods are safe for concurrent use.
// They touch only the rows of the account in their arguments.
type Store interface {
	// FindPerson finds what is stored, except for files. It notes the person's contacts in m.
	// It leaves out targets that are being called and have m.Mark instead of their number,
	// and the calls of these targets. It claims the memory from the budget of ctx.
	FindPerson(ctx context.Context, account account.ID, m *Matcher) (*Found, error)

	// ErasePerson erases what FindPerson has found, in one transaction. Erasure is the sid
	// of the receipt. What happens:
	//
	//   - contacts with their memberships;
	//   - the numbers of targets, their names and variables, and the numbers of calls with
	//     what was pressed in them. They become [phone.Erased], and m.Mark as long as the
	//     target is being called, so that its callee can still ask not to be called again;
	//   - suppressions become those of m.Mark, without a note;
	//   - numbers in campaigns become [phone.Erased];
	//   - the person in the bodies of events ([Matcher.Event]) and answers
	//     ([Matcher.Answer]);
	//   - error rows, which count as omitted, and dialogs of calls that have ended.
	//
	// Once Scrub has returned too, the database's files do not have the erased data any
	// more. Until then the erasure is one of Unscrubbed.
	ErasePerson(ctx context.Context, account account.ID, erasure addressbook.SID, m *Matcher, f *Found) error

	// PersonCalls returns the calls that are in flight to a target with this mark.
	PersonCalls(ctx context.Context, account account.ID, mark phone.Number) ([]campaign.Call, error)

	// Scrub removes what these erasures have erased from the free space of the database's
	// files. Texts are parts of the erased data, by which Scrub finds them. Without texts it
	// clears all space that was used before and is free by now.
	Scrub(ctx context.Context, erasures []addressbook.SID, texts [][]byte) error

	// Unscrubbed returns the erasures that Scrub has not cleaned up after, also those of
	// earlier processes.
	Unscrubbed(ctx context.Context) ([]addressbook.SID, error)
}

// numberBytes is how many bytes [campaign.EncodeNumbers] takes for a number.
const numberBytes = 8

// HoldsNumber reports whether a number is among those that [campaign.EncodeNumbers] has
// encoded.
func HoldsNumber(numbers []byte, n phone.Number) bool {
	return slices.Contains(campaign.DecodeNumbers(numbers), n)
}

// EraseNumber replaces a number with [phone.Erased] among those that
// [campaign.EncodeNumbers] has encoded.
func EraseNumber(numbers []byte, n phone.Number) {
	for ; len(numbers) >= numberBytes; numbers = numbers[numberBytes:] {
		if binary.BigEndian.Uint64(numbers) == uint64(n) {
			binary.BigEndian.PutUint64(numbers, uint64(phone.Erased))
		}
	}
}

// errNotJSON means that there is something behind a JSON value.
var errNotJSON = errors.New("a text is not one JSON value")

// place is a group of things in a Receipt.
type place struct {
	Name  string
	count func(*Found) int
}

// The places, in the order of answers.
var places = []place{
	{"contacts", func(f *Found) int { return f.contacts(false) }},
	{"trashed_contacts", func(f *Found) int { return f.contacts(true) }},
	{"memberships", func(f *Found) (n int) {
		for i := range f.Contacts {
			n += len(f.Contacts[i].Lists)
		}
		return n
	}},
	{"suppressions", func(f *Found) (n int) {
		for i := range f.Suppressions {
			if !f.Suppressions[i].Number.Erased() {
				n++
			}
		}
		return n
	}},
	{"campaign_numbers", func(f *Found) int { return len(f.Campaigns) }},
	{"targets", func(f *Found) int { return len(f.Targets) }},
	{"calls", func(f *Found) int { return len(f.Calls) }},
	{"callbacks", func(f *Found) int { return len(f.Events) }},
	{"trunk_records", func(f *Found) int { return f.Dialogs }},
	{"kept_answers", func(f *Found) int { return len(f.Answers) }},
	{"error_rows", func(f *Found) int { return len(f.ErrorRows) }},
	{"waiting_files", func(f *Found) int { return len(f.Files) }},
}

func (f *Found) contacts(trashed bool) (n int) {
	for i := range f.Contacts {
		if trashed == (f.Contacts[i].Deletion != addressbook.SID{}) {
			n++
		}
	}
	return n
}

// Count is how many things there are in a place.
type Count struct {
	Place string
	N     int
}

// Counts returns how many things were found in each place.
func (f *Found) Counts() []Count {
	counts := make([]Count, len(places))
	for i, p := range places {
		counts[i] = Count{p.Name, p.count(f)}
	}
	return counts
}

// total returns how many things there are to erase.
func (f *Found) total() (n int) {
	for _, c := range f.Counts() {
		n += c.N
	}
	return n
}

// Receipt says what an erasure has erased. It has nothing of the person.
type Receipt struct {
	SID    addressbook.SID
	Erased []Count
	Date   time.Time
	// NeverCalled means that the number stays suppressed: campaigns recognize it by a mark,
	// which is made of the number with a secret of the account.
	NeverCalled bool
	// InFlight are calls that had left before the erasure, or were about to, and may ring
	// now. Their numbers are erased already.
	InFlight []addressbook.SID
}
