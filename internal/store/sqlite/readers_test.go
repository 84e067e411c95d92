package sqlite

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/session"
)

// TestNeighbourOfScans has one account fill every place that it can have for
// scans, and its whole queue, with scans that do not end. Whatever another
// account does goes on.
func TestNeighbourOfScans(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{scans: fromBothEnds})
	worst, other := s.account(t, "worst").ID, s.account(t, "other").ID
	all := people(rand.New(rand.NewPCG(1, 2)), 0, 200)
	s.insert(t, worst, all[:100], 100)
	s.insert(t, other, all[100:], 100)
	everybody := addressbook.Query{Window: addressbook.Window{Limit: 10}, Search: "@mail"}

	held, let := s.holdScans(t, worst)
	stop, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked sync.WaitGroup
	ended := make(chan error, addressbook.MaxWaitingScans+100)
	ask := func() {
		asked.Go(func() {
			_, err := s.book.Contacts(stop, worst, everybody)
			ended <- err
		})
	}
	places := int64(0)
	for ; places < s.db.scans.slots.Capacity()/2; places++ {
		ask()
	}
	waitFor(t, "the scans to begin", func() bool { return held() == places })
	for range addressbook.MaxWaitingScans {
		ask()
	}
	waitFor(t, "the account's queue to be full", func() bool { return s.db.scans.slots.Waiting(worst) == addressbook.MaxWaitingScans })
	if got := s.db.scans.slots.Held(worst); got != places {
		t.Errorf("the account has %d places, want %d of %d", got, places, s.db.scans.slots.Capacity())
	}
	_, err := s.book.Contacts(t.Context(), worst, everybody)
	if f := fault.As(err); f == nil || f.Kind != fault.TooMany || f.RetryAfter == 0 {
		t.Errorf("one scan too many ended with %v, want a fault that tells to come again", err)
	}

	// The other account, and the account's own small requests.
	ctx := t.Context()
	page, err := s.book.Contacts(ctx, other, everybody)
	if err != nil || page.Total != 100 {
		t.Errorf("the other account's search found %d, %v", page.Total, err)
	}
	for _, account := range []account.ID{worst, other} {
		first, err := s.book.Contacts(ctx, account, addressbook.Query{Window: addressbook.Window{Limit: 10}})
		if err != nil || first.Total != 100 {
			t.Fatalf("the first page is of %d, %v", first.Total, err)
		}
		if _, err := s.book.Contact(ctx, account, first.Contacts[0].SID); err != nil {
			t.Error(err)
		}
	}
	if facts, err := s.db.AppendFacts(ctx, nil, other, addressbook.SID{}, 1000); err != nil || len(facts) != 100 {
		t.Errorf("the summary has %d contacts, %v", len(facts), err)
	}
	if err := s.db.Ping(ctx); err != nil {
		t.Error(err)
	}
	if _, err := s.db.Credentials(ctx, "nobody"); fault.As(err) == nil {
		t.Error(err)
	}
	if _, _, err := s.db.Session(ctx, session.Hash{}, time.Now()); fault.As(err) == nil {
		t.Error(err)
	}
	s.insert(t, other, contacts(firstNumber, 10), 10)

	// Those who wait can leave, and nothing is left of them.
	cancel()
	let()
	asked.Wait()
	close(ended)
	for err := range ended {
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("a scan ended with %v", err)
		}
	}
	if held := s.db.scans.slots.Held(worst); held != 0 {
		t.Errorf("the account still has %d places", held)
	}
	if page, err := s.book.Contacts(ctx, worst, everybody); err != nil || page.Total != 100 {
		t.Errorf("the search found %d afterwards, %v", page.Total, err)
	}
}

// holdScans makes the account's scans wait in their first row. Held tells how
// many do, and let lets them go on.
func (s *served) holdScans(t *testing.T, acct account.ID) (held func() int64, let func()) {
	var n atomic.Int64
	on := make(chan struct{})
	let = sync.OnceFunc(func() { close(on) })
	t.Cleanup(let)
	s.book.beforeScan = func(of account.ID) {
		if of == acct {
			n.Add(1)
			<-on
		}
	}
	return n.Load, let
}
