// Package exporter writes contacts as files, at any size in the same memory:
// it has a page of them at a time.
//
// A file is made while others write. Each contact that is there from beginning
// to end of it is in it once; one that comes or goes meanwhile may be.
package exporter

import (
	"context"
	"iter"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// pageSize is how many contacts are read, and held, at once.
const pageSize = 1000

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
	first, err := book.Contacts(ctx, acct, q)
	if err != nil {
		return nil, err
	}
	return &Export{book: book, acct: acct, query: q, first: first}, nil
}

// Of is the export of contacts of the account that were read already.
func Of(acct account.Account, contacts []addressbook.Contact) *Export {
	return &Export{acct: acct, first: addressbook.Page{Contacts: contacts}}
}

// Pages goes through the contacts, page by page; the last page may be empty. An
// error ends it. It may be done more than once, and reads what is there then,
// but for the first page.
func (e *Export) Pages(ctx context.Context) iter.Seq2[[]addressbook.Contact, error] {
	return func(yield func([]addressbook.Contact, error) bool) {
		page, q := e.first, e.query
		for yield(page.Contacts, nil) && page.Next != nil {
			q.After = page.Next
			var err error
			if page, err = e.next(ctx, q); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// next reads a page of a file that is begun, and so cannot be refused any more:
// when too much of the account waits already, it waits too and asks again.
func (e *Export) next(ctx context.Context, q addressbook.Query) (addressbook.Page, error) {
	for {
		page, err := e.book.Contacts(ctx, e.acct, q)
		f := fault.As(err)
		if f == nil || f.Kind != fault.TooMany {
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
