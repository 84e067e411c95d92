// Package exporter writes contacts as files, at any size in the same memory:
// it has a page of them at a time.
//
// A file is made while others write. Each contact that is there from beginning
// to end of it is in it once; one that comes or goes meanwhile may be.
package exporter

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

// pageSize is how many contacts are read, and held, at once; leastPage is for
// where memory is scarce. A contact usually weighs usualWeight.
const (
	pageSize    = 1000
	leastPage   = 10
	usualWeight = 2000
)

// Export is the contacts that a query finds.
type Export struct {
	book  *addressbook.Book
	acct  account.Account
	query addressbook.Query
	first addressbook.Page
}

// Open reads the first page, so that what is wrong with the query, or with the
// store, is told before anything is written. Of the query's window only the
// order counts, which must be that of creation: contacts keep their place in no
// other, and one that moves would be left out or come twice.
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

// Of is the export of contacts of the account that were read already.
func Of(acct account.Account, contacts []addressbook.Contact) *Export {
	return &Export{acct: acct, first: addressbook.Page{Contacts: contacts}}
}

// read reads a page. When the memory for it cannot be had, it reads a smaller one.
func (e *Export) read(ctx context.Context, q addressbook.Query) (addressbook.Page, error) {
	share := budget.Of(ctx)
	used := share.Used()
	for {
		err := share.Reserve(ctx, int64(q.Limit)*usualWeight)
		if err == nil {
			var page addressbook.Page
			if page, err = e.book.Contacts(ctx, e.acct, q); err == nil {
				return page, nil
			}
		}
		share.Give(used)
		if !errors.Is(err, budget.ErrShare) && !errors.Is(err, budget.ErrFull) || q.Limit <= leastPage {
			return addressbook.Page{}, err
		}
		q.Limit = max(leastPage, q.Limit/4)
	}
}

// Pages goes through the contacts, page by page; the last page may be empty. An
// error ends it. It may be done more than once, and reads what is there then,
// but for the first page.
func (e *Export) Pages(ctx context.Context) iter.Seq2[[]addressbook.Contact, error] {
	return func(yield func([]addressbook.Contact, error) bool) {
		page, q := e.first, e.query
		share := budget.Of(ctx)
		used := share.Used() // the first page is held to the end
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

// next reads a page of a file that is begun, and so cannot be refused any more:
// when too much of the account waits already, or memory is used up, it waits and
// asks again.
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
