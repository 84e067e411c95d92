package sqlite

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/addressbook"
	"callbook/internal/store/storetest"
)

// TestScanHoldsUpNoWrite has contacts written and deleted while a search is in
// the middle of its rows: the search waits for the writes here, so a write that
// waited for the search would never end.
func TestScanHoldsUpNoWrite(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{scans: fromBothEnds})
	acme := s.account(t, "acme").ID
	old := people(rand.New(rand.NewPCG(1, 2)), 0, 100)
	s.insert(t, acme, old, len(old))
	var once sync.Once
	s.book.beforeBatch = func() {
		once.Do(func() {
			s.insert(t, acme, people(rand.New(rand.NewPCG(1, 2)), 1000, 500), 500)
			if err := s.book.DeleteContacts(t.Context(), acme, storetest.NewDeletion(), []addressbook.SID{old[0].SID, old[50].SID, old[99].SID}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	everybody := addressbook.Query{Window: addressbook.Window{Limit: 1000, Sort: addressbook.ByName}, Search: "@mail"}
	for _, want := range []int{100, 597} { // it shows what was there when it began
		page, err := s.book.Contacts(t.Context(), acme, everybody)
		if err != nil {
			t.Fatal(err)
		}
		if page.Total != want || len(page.Contacts) != want {
			t.Errorf("got %d of %d contacts, want %d", len(page.Contacts), page.Total, want)
		}
	}
}

// TestScanSeesOneState searches from both ends while contacts come and go by
// sevens.
func TestScanSeesOneState(t *testing.T) {
	t.Parallel()
	const seven, rounds = 7, 150
	s := serve(t, Options{scans: scanLimits{second: 1, places: 10_000, bothEnds: 1, batch: 4}})
	acme := s.account(t, "acme").ID
	all := people(rand.New(rand.NewPCG(1, 2)), 0, seven*rounds)
	s.insert(t, acme, all[:seven], seven)
	ctx, stop := context.WithCancel(t.Context())
	var writes sync.WaitGroup
	writes.Go(func() {
		defer stop()
		for i := range rounds - 1 {
			s.insert(t, acme, all[seven*(i+1):seven*(i+2)], seven)
			if i%3 != 0 {
				continue
			}
			var gone []addressbook.SID
			for _, c := range all[seven*i : seven*(i+1)] {
				gone = append(gone, c.SID)
			}
			if err := s.book.DeleteContacts(t.Context(), acme, storetest.NewDeletion(), gone, nil); err != nil {
				t.Error(err)
			}
		}
	})
	for sort := addressbook.ByCreated; ctx.Err() == nil; sort = (sort + 1) % 3 {
		q := addressbook.Query{Window: addressbook.Window{Limit: 10_000, Sort: sort}, Search: "@mail"}
		page, err := s.book.Contacts(t.Context(), acme, q)
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[addressbook.SID]bool)
		for _, c := range page.Contacts {
			seen[c.SID] = true
		}
		if page.Total%seven != 0 || len(page.Contacts) != page.Total || len(seen) != page.Total {
			t.Errorf("got %d contacts, %d different ones, of %d", len(page.Contacts), len(seen), page.Total)
		}
	}
	writes.Wait()
}

// TestSecondReader is lent to one scan at a time, and to none whose transaction
// sees another state.
func TestSecondReader(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{scans: fromBothEnds})
	acme := s.account(t, "acme").ID
	take := func(since state) (conn *sqlite.Conn, putBack func()) {
		t.Helper()
		conn, putBack, err := s.book.second.take(t.Context(), s.book.writer, since)
		if err != nil {
			t.Fatal(err)
		}
		if conn == nil {
			return nil, func() {}
		}
		putBack = sync.OnceFunc(putBack)
		t.Cleanup(putBack) // before the store is closed, which waits for it
		return conn, putBack
	}
	count := func(conn *sqlite.Conn) (n int) {
		t.Helper()
		err := sqlitex.Execute(conn, `SELECT count(*) FROM contacts`, &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
			n = row.ColumnInt(0)
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	all := contacts(firstNumber, 3)
	empty := s.book.writer.state()
	conn, putBack := take(empty)
	if conn == nil || count(conn) != 0 {
		t.Fatal("there is no second reader, or it sees too much")
	}
	if other, _ := take(empty); other != nil {
		t.Error("one reader was lent twice")
	}
	s.insert(t, acme, all, len(all))
	if n := count(conn); n != 0 {
		t.Errorf("the reader sees %d contacts that came after it", n)
	}
	putBack()
	if other, _ := take(empty); other != nil {
		t.Error("a reader was lent for a state that is over")
	}
	conn, putBack = take(s.book.writer.state())
	if conn == nil || count(conn) != len(all) {
		t.Error("the reader does not see what was committed")
	}
	putBack()
	if s.book.writer.state() == empty || !empty.settled() || state(1).settled() {
		t.Error("a commit does not show in the state")
	}
}

// TestCancelledScan is cancelled in the middle, and leaves both readers as
// they were.
func TestCancelledScan(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{scans: fromBothEnds})
	acme := s.account(t, "acme").ID
	s.insert(t, acme, people(rand.New(rand.NewPCG(1, 2)), 0, 100), 100)
	q := addressbook.Query{Window: addressbook.Window{Limit: 10}, Search: "@mail"}
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		s.book.beforeBatch = cancel
		if _, err := s.book.Contacts(ctx, acme, q); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want what cancelled it", err)
		}
	}
	s.book.beforeBatch = nil
	conn, putBack, err := s.book.second.take(t.Context(), s.book.writer, s.book.writer.state())
	if err != nil || conn == nil {
		t.Fatalf("the second reader did not come back (%v)", err)
	}
	putBack()
	if page, err := s.book.Contacts(t.Context(), acme, q); err != nil || page.Total != 100 {
		t.Errorf("got a total of %d, %v", page.Total, err)
	}
}
