package suppression

import (
	"cmp"
	"context"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/phone"
)

const (
	// MaxItems bounds the numbers in one call.
	MaxItems = 5000
	// MaxText bounds a source or a note, in characters.
	MaxText = 255
)

// The sources of suppressions that callbook itself adds.
const (
	FromAPI       = "api"
	FromDashboard = "dashboard"
	FromImport    = "import"
	FromCall      = "call" // the callee has asked for it
)

// The fields, for faults.
const (
	FieldSuppressions = fault.Field("suppressions")
	FieldNumber       = addressbook.FieldNumber
	FieldSource       = fault.Field("source")
	FieldNote         = fault.Field("note")
)

// ErrNotThere is the fault of a number that is not suppressed.
var ErrNotThere = fault.New(fault.NotFound, "This number is not suppressed")

// Draft is a number to add or to remove, as a client or a person gave it.
type Draft struct {
	Number       string // in any spelling
	Source, Note string
	// Fault, if not nil, says why the draft could not be read. The other fields mean
	// nothing then.
	Fault error
}

// Result is the result of one [Draft].
type Result struct {
	// Suppression is the stored or the removed one; nil with a Fault.
	Suppression *Suppression
	New         bool // whether it was added just now
	Fault       error
}

// Suppressions manages the numbers that accounts must not call. It is safe for concurrent
// use.
type Suppressions struct {
	store Store
	book  *addressbook.Book
	clock clock.Clock
}

// New returns Suppressions over store. Book parses the numbers.
func New(store Store, book *addressbook.Book, c clock.Clock) *Suppressions {
	return &Suppressions{store: store, book: book, clock: cmp.Or(c, clock.System)}
}

// Add adds numbers. A number that is suppressed already stays unchanged, which is not a
// fault. A bad draft does not affect the others. Ready may be nil.
func (s *Suppressions) Add(ctx context.Context, acct account.Account, drafts []Draft, ready journal.Ready[[]Result]) ([]Result, error) {
	if err := fits(drafts); err != nil {
		return nil, err
	}
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
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(results []Result) audit.Change {
		return counted(audit.SuppressionsAdd, results, func(r *Result) bool { return r.New })
	})
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

// Remove removes numbers. The fault of one that is not suppressed is [ErrNotThere]. A bad
// draft does not affect the others. Ready may be nil.
func (s *Suppressions) Remove(ctx context.Context, acct account.Account, drafts []Draft, ready journal.Ready[[]Result]) ([]Result, error) {
	if err := fits(drafts); err != nil {
		return nil, err
	}
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
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(results []Result) audit.Change {
		return counted(audit.SuppressionsRemove, results, func(*Result) bool { return true })
	})
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

// counted tells how many results have changed something. Numbers are personal data, so it
// does not tell which.
func counted(action audit.Action, results []Result, changed func(*Result) bool) audit.Change {
	c := audit.Change{Action: action}
	for i := range results {
		switch {
		case results[i].Fault != nil:
			c.Failed++
		case changed(&results[i]):
			c.Done++
		}
	}
	return c
}

// List returns one page of the account's suppressions. If number is not "", the page has
// only that number, which may have any spelling. If it is no number, the error is an Invalid
// fault. List sets q.Number.
func (s *Suppressions) List(ctx context.Context, acct account.Account, number string, q Query) (Page, error) {
	if number != "" {
		n, err := s.book.Number(acct, number)
		if err != nil {
			return Page{}, err
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

// read checks a draft and returns its suppression.
func (s *Suppressions) read(acct account.Account, d *Draft) (Suppression, error) {
	n, err := s.number(acct, d)
	if err != nil {
		return Suppression{}, err
	}
	if err := fault.CheckText(FieldSource, d.Source, MaxText); err != nil {
		return Suppression{}, err
	}
	if err := fault.CheckText(FieldNote, d.Note, MaxText); err != nil {
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
