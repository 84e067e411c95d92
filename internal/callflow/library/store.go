package library

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/journal"
)

// Store is what [Library] needs of a database. Its methods are safe for concurrent use.
// They touch only the rows of the account in their arguments.
//
// A method claims the memory of what it reads, by its Weight, from the [budget.Share] of
// ctx.
//
// Each write calls its [journal.Ready] with the result before it returns. The caller must
// not use the result before the method has returned nil. Then everything is durable.
// After an error, nothing has changed.
type Store interface {
	// InsertFlow adds a flow. The error is [ErrNameTaken], [ErrTooMany], or that of
	// [Flow.MissesPrompt] if the account lacks one of its prompts.
	InsertFlow(ctx context.Context, account account.ID, f *Flow, ready journal.Ready[*Flow]) error

	// ReplaceFlow replaces the flow of the same name. The new flow keeps the old Created,
	// and gets an Updated that is later than the old one. The error is [ErrNotFound],
	// that of [Flow.MissesPrompt], or [ErrMeanwhile] if ifUpdated is neither zero nor the
	// old Updated.
	ReplaceFlow(ctx context.Context, account account.ID, f *Flow, ifUpdated time.Time, ready journal.Ready[*Flow]) error

	// DeleteFlow deletes a flow, and calls ready with it. The error is [ErrNotFound], or
	// [ErrInUse] if a campaign that has not ended uses the flow. No campaign that uses the
	// flow can be added at the same time.
	DeleteFlow(ctx context.Context, account account.ID, name string, ready journal.Ready[*Flow]) error

	// Flow returns a flow, or [ErrNotFound].
	Flow(ctx context.Context, account account.ID, name string) (*Flow, error)

	// Flows returns one page, ordered by name, and the total of the same moment.
	Flows(ctx context.Context, account account.ID, q Query) (Page, error)

	// ChangedFlows returns the flows with these names whose Updated differs from the
	// given time. It omits flows that do not exist.
	ChangedFlows(ctx context.Context, account account.ID, known map[string]time.Time) ([]Flow, error)
}

// Query selects a page of an account's flows.
type Query struct {
	Offset, Limit int
	// Brief leaves the steps and variables of the flows out: those of 1,000 flows may take
	// 64 MB.
	Brief bool
}

// Page is a page of flows.
type Page struct {
	Flows []Flow
	Total int
}
