package suppression

import (
	"cmp"
	"context"
	"strings"
	"unicode/utf8"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/phone"
)

const (
	// MaxItems is how many numbers one call may add or remove.
	MaxItems = 5000
	// MaxText is how many characters a source or a note may have.
	MaxText = 255
)

// The sources that callbook itself gives.
const (
	FromAPI       = "api"
	FromDashboard = "dashboard"
	FromImport    = "import"
	FromCall      = "call" // the callee asked for it
)

// The fields that faults are about.
const (
	FieldSuppressions = fault.Field("suppressions")
	FieldNumber       = addressbook.FieldNumber
	FieldSource       = fault.Field("source")
	FieldNote         = fault.Field("note")
)

// ErrNotThere is the fault of a number that is not suppressed.
var ErrNotThere = fault.New(fault.NotFound, "This number is not suppressed")

// Draft is a number to be added or removed, as somebody gave it.
type Draft struct {
	Number       string // in any spelling
	Source, Note string
	// Fault, when not nil, says why it cannot be read; the rest is not looked at then.
	Fault error
}

// Result is what became of one [Draft].
type Result struct {
	// Suppression is what is stored, or was; nil with a Fault.
	Suppression *Suppression
	New         bool // it was added, and not there already
	Fault       error
}

// Suppressions is the one door to the numbers that accounts must not call. It is safe for
// concurrent use.
type Suppressions struct {
	store Store
	book  *addressbook.Book
	clock clock.Clock
}

// New returns the suppressions in store. Book reads the numbers.
func New(store Store, book *addressbook.Book, c clock.Clock) *Suppressions {
	return &Suppressions{store: store, book: book, clock: cmp.Or(c, clock.System)}
}

// Add adds numbers, and returns the result of each. One that is there already stays as it
// is, which is no fault. A bad one does not fail the others. Ready may be nil.
func (s *Suppressions) Add(ctx context.Context, acct account.Account, drafts []Draft, ready journal.Ready[[]Result]) ([]Result, error) {
	now := s.clock.Now()
	results, good := make([]Result, len(drafts)), make([]int, 0, len(drafts))
	additions := make([]Suppression, 0, len(drafts))
	for i := range drafts {
		added, err := s.read(acct, &drafts[i])
		if err != nil {
			results[i].Fault = err
			continue
		}
		added.Created = now
		good, additions = append(good, i), append(additions, added)
	}
	if err := fits(drafts); err != nil {
		return nil, err
	}
	err := s.store.AddSuppressions(ctx, acct.ID, additions, func(added []Added) *journal.Receipt {
		for i := range added {
			results[good[i]] = Result{Suppression: &added[i].Suppression, New: added[i].New}
		}
		return ready.Receipt(results)
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// Remove removes numbers, and returns the result of each: what was there, or
// [ErrNotThere]. A bad one does not fail the others. Ready may be nil.
func (s *Suppressions) Remove(ctx context.Context, acct account.Account, drafts []Draft, ready journal.Ready[[]Result]) ([]Result, error) {
	results, good := make([]Result, len(drafts)), make([]int, 0, len(drafts))
	numbers := make([]phone.Number, 0, len(drafts))
	for i := range drafts {
		n, err := s.number(acct, &drafts[i])
		if err != nil {
			results[i].Fault = err
			continue
		}
		good, numbers = append(good, i), append(numbers, n)
	}
	if err := fits(drafts); err != nil {
		return nil, err
	}
	err := s.store.RemoveSuppressions(ctx, acct.ID, numbers, func(removed []*Suppression) *journal.Receipt {
		for i, was := range removed {
			results[good[i]] = Result{Suppression: was}
			if was == nil {
				results[good[i]].Fault = ErrNotThere
			}
		}
		return ready.Receipt(results)
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// List returns one page of the account's suppressions. Number is one in any spelling, or
// "" for all; nobody has one that is no number.
func (s *Suppressions) List(ctx context.Context, acct account.Account, number string, offset, limit int) (Page, error) {
	q := Query{Offset: offset, Limit: limit}
	if number != "" {
		n, err := s.book.Number(acct, number)
		if err != nil {
			return Page{}, nil
		}
		q.Number = n
	}
	return s.store.Suppressions(ctx, acct.ID, q)
}

func fits(drafts []Draft) error {
	switch n := len(drafts); {
	case n == 0:
		return fault.Mandatory(FieldSuppressions)
	case n > MaxItems:
		return fault.TooLong(FieldSuppressions, MaxItems)
	}
	return nil
}

// read returns what a draft asks to add.
func (s *Suppressions) read(acct account.Account, d *Draft) (Suppression, error) {
	n, err := s.number(acct, d)
	if err != nil {
		return Suppression{}, err
	}
	if err := checkText(FieldSource, d.Source); err != nil {
		return Suppression{}, err
	}
	if err := checkText(FieldNote, d.Note); err != nil {
		return Suppression{}, err
	}
	return Suppression{Number: n, Source: d.Source, Note: d.Note}, nil
}

func (s *Suppressions) number(acct account.Account, d *Draft) (phone.Number, error) {
	switch {
	case d.Fault != nil:
		return 0, d.Fault
	case d.Number == "":
		return 0, fault.Mandatory(FieldNumber)
	}
	return s.book.Number(acct, d.Number)
}

func checkText(field fault.Field, text string) error {
	switch {
	case !utf8.ValidString(text):
		return fault.NotUTF8(field)
	case strings.ContainsRune(text, 0):
		return fault.HasNUL(field)
	case utf8.RuneCountInString(text) > MaxText:
		return fault.TooLong(field, MaxText)
	}
	return nil
}
