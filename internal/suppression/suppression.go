// Package suppression knows the numbers that an account must not call, and where each
// came from.
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
	Source  string // "api", "dashboard", "import", or "call" when the callee asked for it
	Note    string
	Created time.Time
}

// Weight returns about how many bytes the suppression takes in memory.
func (s *Suppression) Weight() int64 {
	const fixed = 256
	return int64(fixed + len(s.Source) + len(s.Note))
}

// Store is what [Suppressions] needs of a database. All of it is safe for concurrent
// use. The account is always the account's own id.
type Store interface {
	// AddSuppressions adds those whose numbers are not there yet, in one transaction. The
	// result of each is what is stored for its number now, and whether it is new.
	AddSuppressions(ctx context.Context, account account.ID, s []Suppression, ready journal.Ready[[]Added]) error

	// RemoveSuppressions removes numbers, in one transaction. The result of each is what
	// was stored for it, or nil.
	RemoveSuppressions(ctx context.Context, account account.ID, numbers []phone.Number, ready journal.Ready[[]*Suppression]) error

	// Suppressions returns one page by date, the newest first, and the total at that same
	// moment.
	Suppressions(ctx context.Context, account account.ID, q Query) (Page, error)
}

// Added is what became of one suppression.
type Added struct {
	Suppression
	New bool
}

// Query asks for one page of the account's suppressions.
type Query struct {
	Number        phone.Number // zero is any
	Offset, Limit int
}

// Page is a page of suppressions.
type Page struct {
	Suppressions []Suppression
	Total        int
}
