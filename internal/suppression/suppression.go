// Package suppression manages the numbers that an account must not call.
package suppression

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/journal"
	"callbook/internal/phone"
)

// Suppression is a number that the account must not call.
type Suppression struct {
	Number  phone.Number
	Source  string // "api", "dashboard", "import", or "call" if the callee has asked for it
	Note    string
	Created time.Time
}

// Weight estimates the memory of the suppression, in bytes.
func (s *Suppression) Weight() int64 {
	const fixed = 256
	return int64(fixed + len(s.Source) + len(s.Note))
}

// Store is what [Suppressions] needs of a database. Its methods are safe for concurrent
// use. They touch only the rows of the account in their arguments.
type Store interface {
	// AddSuppressions adds the suppressions whose numbers are new, in one transaction.
	// Each result is the stored suppression of the number, and whether it is new.
	AddSuppressions(ctx context.Context, account account.ID, s []Suppression, ready journal.Ready[[]Added]) error

	// RemoveSuppressions removes numbers in one transaction. Each result is the removed
	// suppression, or nil.
	RemoveSuppressions(ctx context.Context, account account.ID, numbers []phone.Number, ready journal.Ready[[]*Suppression]) error

	// Suppressions returns one page, the newest first unless [Query.ByNumber] is set, and
	// the total of the same moment.
	Suppressions(ctx context.Context, account account.ID, q Query) (Page, error)
}

// Added is the result of adding a suppression.
type Added struct {
	Suppression
	New bool
}

// Query selects a page of the account's suppressions.
type Query struct {
	Number        phone.Number // zero means any
	Offset, Limit int
	// ByNumber selects the suppressions with a number greater than After, in the order of
	// their numbers. Offset must be 0 with it, and no total is counted.
	ByNumber bool
	After    phone.Number
	// MaxTotal is how far the total is counted, for callers that need not know a greater one.
	// 0 counts all.
	MaxTotal int
}

// Page is a page of suppressions.
type Page struct {
	Suppressions []Suppression
	Total        int
}
