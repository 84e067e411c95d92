package library

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/journal"
)

// Store is what a [Library] needs of a database. All of it is safe for concurrent use.
// The account is always the account's own id; no method ever touches another's rows.
//
// What a method reads into memory, it claims of the [budget.Share] of ctx, by its Weight.
//
// Each write calls its [journal.Ready] with its result before it returns. Nobody may see
// the result before the method has returned nil. Then everything is durable; after an
// error nothing was changed.
type Store interface {
	// InsertFlow adds a flow, or returns [ErrNameTaken] or [ErrTooMany]. A flow whose
	// prompts are not all there is refused with [Flow.MissesPrompt].
	InsertFlow(ctx context.Context, account account.ID, f *Flow, ready journal.Ready[*Flow]) error

	// ReplaceFlow stores a flow in the place of the one with its name, or returns
	// [ErrNotFound]. The flow gets the Created of the one before, and an Updated that is
	// later than that one's. Unless ifUpdated is zero, the one before must have been
	// Updated then, or else the error is [ErrMeanwhile]. Its prompts are as in InsertFlow.
	ReplaceFlow(ctx context.Context, account account.ID, f *Flow, ifUpdated time.Time, ready journal.Ready[*Flow]) error

	// DeleteFlow deletes a flow and gives ready what it was, or returns [ErrNotFound]. A
	// flow that is named by a campaign which has not ended stays, and the error is that of
	// [ErrInUse]. No campaign that names the flow is added meanwhile.
	DeleteFlow(ctx context.Context, account account.ID, name string, ready journal.Ready[*Flow]) error

	// Flow returns one flow, or [ErrNotFound].
	Flow(ctx context.Context, account account.ID, name string) (*Flow, error)

	// Flows returns one page by name, and the total at that same moment.
	Flows(ctx context.Context, account account.ID, q Query) (Page, error)

	// ChangedFlows returns those of the named flows that were not Updated at the time
	// beside the name. It does not return those that are not there.
	ChangedFlows(ctx context.Context, account account.ID, known map[string]time.Time) ([]Flow, error)
}

// Query asks for one page of an account's flows.
type Query struct{ Offset, Limit int }

// Page is a page of flows.
type Page struct {
	Flows []Flow
	Total int
}
