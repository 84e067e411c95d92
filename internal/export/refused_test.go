package export_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/export"
	"callbook/internal/fault"
)

// crowded is a store of two pages of contacts. It refuses the second page so
// many times.
type crowded struct {
	addressbook.Store
	refuses int
	err     error
}

func (s *crowded) Contacts(_ context.Context, _ account.ID, q addressbook.Query) (addressbook.Page, error) {
	if q.After == nil {
		return addressbook.Page{Contacts: make([]addressbook.Contact, 2), Next: new(addressbook.Position)}, nil
	}
	if s.refuses > 0 {
		s.refuses--
		return addressbook.Page{}, s.err
	}
	return addressbook.Page{Contacts: make([]addressbook.Contact, 1)}, nil
}

// TestBegunExportWaits: a file that is begun cannot be refused, so it waits
// until the account's crowd is gone, or whoever reads it is.
func TestBegunExportWaits(t *testing.T) {
	crowd := &fault.Error{Kind: fault.TooMany, RetryAfter: time.Second}
	other := errors.New("the disk is on fire")
	read := func(ctx context.Context, s *crowded) (n int, err error) {
		e, err := export.Open(ctx, addressbook.New(s, addressbook.Options{}), account.Account{}, addressbook.Query{})
		if err != nil {
			t.Fatal(err)
		}
		for page, err := range e.Pages(ctx) {
			if err != nil {
				return n, err
			}
			n += len(page)
		}
		return n, nil
	}
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		if n, err := read(t.Context(), &crowded{refuses: 3, err: crowd}); n != 3 || err != nil || time.Since(begun) != 3*time.Second {
			t.Errorf("%d contacts came in %v, %v", n, time.Since(begun), err)
		}
		if n, err := read(t.Context(), &crowded{refuses: 1, err: other}); n != 2 || !errors.Is(err, other) {
			t.Errorf("%d contacts came, %v", n, err)
		}
		gone := errors.New("the reader is gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(1500*time.Millisecond, func() { cancel(gone) })
		if n, err := read(ctx, &crowded{refuses: 1000, err: crowd}); n != 2 || !errors.Is(err, gone) {
			t.Errorf("%d contacts came before the reader left, %v", n, err)
		}
	})
}
