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
	pageRows = 1000 // that are read at once
	// typicalWeight is about how many bytes a call with its target takes.
	typicalWeight = 1000
)

// callPages reads all calls of a campaign. A page that comes with an error is none.
func callPages(ctx context.Context, source Source, acct account.Account, sid addressbook.SID) iter.Seq2[campaign.CallPage, error] {
	q := campaign.CallQuery{Limit: pageRows, NoTotal: true}
	return pages(ctx, func() (campaign.CallPage, error) { return source.Calls(ctx, acct, sid, q) }, func(page campaign.CallPage) bool {
		if n := len(page.Calls); n > 0 {
			q.After = page.Calls[n-1].SID
		}
		return len(page.Calls) == pageRows
	})
}

// neverCalled reads all targets that no call was made to.
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

// pages reads one page after the other, as long as more is true of the last one. A page's
// memory is given back before the next one is read.
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

// readPage reads a page. Since the file may be on its way, the request cannot be refused
// any more: while the account has too many requests waiting, or memory is used up,
// readPage tries again.
func readPage[P any](ctx context.Context, used int64, read func() (P, error)) (page P, err error) {
	share := budget.Of(ctx)
	for {
		share.EndTurn()
		share.Give(used)
		if err = share.Reserve(ctx, pageRows*typicalWeight); err == nil {
			err = share.BeginTurn(ctx) // it lasts until the rows are made
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
