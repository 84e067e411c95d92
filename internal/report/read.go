package report

import (
	"context"
	"errors"
	"iter"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
	"callbook/internal/fault"
)

const (
	pageRows = 1000 // rows of a read
	// typicalWeight is the usual size in memory of a call with its target, in bytes.
	typicalWeight = 1000
)

// callPages reads all calls of a campaign. If it yields an error, the page is empty.
func callPages(ctx context.Context, source Source, acct account.Account, sid addressbook.SID) iter.Seq2[campaign.CallPage, error] {
	q := campaign.CallQuery{Limit: pageRows, NoTotal: true}
	return pages(ctx, func() (campaign.CallPage, error) { return source.Calls(ctx, acct, sid, q) }, func(page campaign.CallPage) bool {
		if n := len(page.Calls); n > 0 {
			q.After = page.Calls[n-1].SID
		}
		return len(page.Calls) == pageRows
	})
}

// neverCalled reads the targets that were never called.
func neverCalled(ctx context.Context, source Source, acct account.Account, sid addressbook.SID) iter.Seq2[campaign.TargetPage, error] {
	again := false
	q := campaign.TargetQuery{
		States: []campaign.TargetState{campaign.Waiting, campaign.Suppressed, campaign.InvalidNumber, campaign.NotAttempted},
		Again:  &again, After: -1, Limit: pageRows, NoTotal: true,
	}
	return pages(ctx, func() (campaign.TargetPage, error) { return source.Targets(ctx, acct, sid, q) }, func(page campaign.TargetPage) bool {
		if n := len(page.Targets); n > 0 {
			q.After = page.Targets[n-1].Position
		}
		return len(page.Targets) == pageRows
	})
}

// pages reads page after page until more returns false for one. It releases a page's
// memory before it reads the next one.
func pages[P any](ctx context.Context, read func() (P, error), more func(P) bool) iter.Seq2[P, error] {
	return func(yield func(P, error) bool) {
		share := budget.Of(ctx)
		used := share.Used()
		defer func() { share.EndTurn(); share.Give(used) }()
		for {
			page, err := readPage(ctx, used, read)
			if !yield(page, err) || err != nil || !more(page) {
				return
			}
		}
	}
}

// readPage reads a page. The file may already be on its way, so the request can no longer
// be refused. readPage retries while the account has too many waiting requests, or memory
// is used up.
func readPage[P any](ctx context.Context, used int64, read func() (P, error)) (page P, err error) {
	share := budget.Of(ctx)
	for {
		share.EndTurn()
		share.Give(used)
		if err = share.Reserve(ctx, pageRows*typicalWeight); err == nil {
			err = share.BeginTurn(ctx) // the turn lasts until the rows are encoded
		}
		if err == nil {
			page, err = read()
		}
		f := fault.As(err)
		if f == nil || f.Kind != fault.TooMany && !errors.Is(err, budget.ErrFull) {
			return page, err
		}
		pause := time.NewTimer(f.RetryAfter)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return page, context.Cause(ctx)
		}
	}
}
