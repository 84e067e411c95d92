// Package export writes contacts as files. It holds one page of contacts at a
// time, so its memory does not depend on their number.
//
// An export is not a snapshot. Each contact that exists from its beginning to its
// end is in the file once; one that is created or deleted meanwhile may be in it.
package export

import (
	"context"
	"errors"
	"iter"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/fault"
)

// pageSize is how many contacts are read at once, and minPage the lower bound while
// memory is scarce. A typical contact takes typicalWeight bytes of memory.
const (
	pageSize      = 1000
	minPage       = 10
	typicalWeight = 2000
)

// The media types of files.
const (
	CSVType  = "text/csv; charset=utf-8"
	XLSXType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// Export is the export of the contacts that match a query.
type Export struct {
	book  *addressbook.Book
	acct  account.Account
	query addressbook.Query
	first addressbook.Page
}

// Open reads the first page, so that an error of the query or of the store is
// returned before anything is written. It uses only the order of the query's
// window, which must be the order of creation. Any other order can change between
// pages, which would omit or repeat contacts.
func Open(ctx context.Context, book *addressbook.Book, acct account.Account, q addressbook.Query) (*Export, error) {
	q.Window = addressbook.Window{Limit: pageSize, Sort: q.Sort, Desc: q.Desc}
	q.WithLists, q.NoTotal = false, true
	e := &Export{book: book, acct: acct, query: q}
	var err error
	if e.first, err = e.read(ctx, q); err != nil {
		return nil, err
	}
	return e, nil
}

// Of returns an export of contacts that were read already.
func Of(acct account.Account, contacts []addressbook.Contact) *Export {
	return &Export{acct: acct, first: addressbook.Page{Contacts: contacts}}
}

// read reads a page. If the memory budget does not suffice, it reads a smaller one.
func (e *Export) read(ctx context.Context, q addressbook.Query) (addressbook.Page, error) {
	share := budget.Of(ctx)
	used := share.Used()
	for {
		share.EndTurn()
		err := share.Reserve(ctx, int64(q.Limit)*typicalWeight)
		if err == nil {
			err = share.BeginTurn(ctx) // the turn lasts until the page is encoded
		}
		if err == nil {
			var page addressbook.Page
			if page, err = e.book.Contacts(ctx, e.acct, q); err == nil {
				return page, nil
			}
		}
		share.EndTurn()
		share.Give(used)
		if !errors.Is(err, budget.ErrShare) && !errors.Is(err, budget.ErrFull) || q.Limit <= minPage {
			return addressbook.Page{}, err
		}
		q.Limit = max(minPage, q.Limit/4)
	}
}

// Pages iterates over the contacts, page by page. The last page may be empty. It ends
// after an error. Each further call reads all but the first page again.
func (e *Export) Pages(ctx context.Context) iter.Seq2[[]addressbook.Contact, error] {
	return func(yield func([]addressbook.Contact, error) bool) {
		page, q := e.first, e.query
		share := budget.Of(ctx)
		used := share.Used() // the first page stays in memory
		for yield(page.Contacts, nil) && page.Next != nil {
			q.After = page.Next
			var err error
			share.Give(used)
			if page, err = e.next(ctx, q); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// next reads a further page. Since the file is already being sent, the request can
// no longer be refused: while the account has too many requests waiting, or memory
// is used up, next retries.
func (e *Export) next(ctx context.Context, q addressbook.Query) (addressbook.Page, error) {
	for {
		page, err := e.read(ctx, q)
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
