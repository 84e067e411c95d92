package postgres

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/session"
	"callbook/internal/test/pgtest"
)

var everybody = addressbook.Query{Window: addressbook.Window{Limit: 10}, Search: "nobody"}

// TestNeighbourOfScans has one account take every place that it can have for
// scans, and fill its queue, with scans that do not end. Whatever another
// account does goes on.
func TestNeighbourOfScans(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db := open(t, url+"&pool_max_conns=6")
	worst, other := newAccount(t, db, "worst"), newAccount(t, db, "other")
	places := db.shares.scans.Capacity() / 2

	stop, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked sync.WaitGroup
	ended := make(chan error, addressbook.MaxWaitingScans+10)
	ask := func() { // a scan that never ends by itself
		asked.Go(func() {
			ended <- db.read(stop, purpose{worst.ID, true}, "scan", func(t *tx) error {
				t.queue(`SELECT pg_sleep(600)`)
				return t.flush()
			})
		})
	}
	for range places + addressbook.MaxWaitingScans {
		ask()
	}
	for deadline := time.Now().Add(3 * time.Minute); db.shares.scans.Held(worst.ID) < places || db.shares.scans.Waiting(worst.ID) < addressbook.MaxWaitingScans; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("the scans did not begin")
		}
	}
	_, err := db.Contacts(t.Context(), worst.ID, everybody)
	if f := fault.As(err); f == nil || f.Kind != fault.TooMany || f.RetryAfter == 0 {
		t.Errorf("one scan too many ended with %v, want a fault that tells to come again", err)
	}

	ctx := t.Context()
	if _, err := db.Contacts(ctx, other.ID, everybody); err != nil {
		t.Error(err)
	}
	for _, a := range []account.Account{worst, other} {
		if _, err := db.Contacts(ctx, a.ID, addressbook.Query{Window: addressbook.Window{Limit: 10}}); err != nil {
			t.Error(err)
		}
		if _, err := db.Contact(ctx, a.ID, addressbook.SID{}); !errors.Is(err, addressbook.ErrNoContact) {
			t.Error(err)
		}
	}
	checkControl(t, db)

	cancel()
	asked.Wait()
	close(ended)
	for err := range ended {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a scan ended with %v", err)
		}
	}
	if held := db.shares.scans.Held(worst.ID) + db.shares.work.Held(worst.ID); held != 0 {
		t.Errorf("the account still has %d places", held)
	}
}

// checkControl does what must wait for no account.
func checkControl(t *testing.T, db *DB) {
	t.Helper()
	if err := db.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := db.Credentials(t.Context(), "nobody"); fault.As(err) == nil {
		t.Error(err)
	}
	if _, _, err := db.Session(t.Context(), session.Hash{}, time.Now()); fault.As(err) == nil {
		t.Error(err)
	}
}

// TestControlHasAConnection has an account's work take every connection that it
// can have, of as few as there may be.
func TestControlHasAConnection(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	for _, conns := range []string{"2", "3"} {
		db := open(t, url+"&pool_max_conns="+conns)
		acme := newAccount(t, db, "acme"+conns)
		var held []lent
		for range db.shares.work.Capacity() {
			conn, err := db.acquire(t.Context(), of(acme.ID))
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, conn)
		}
		checkControl(t, db)
		for _, conn := range held {
			conn.release()
		}
	}
}

// TestFewConnections does everything at once, with fewer connections than there
// are kinds of work.
func TestFewConnections(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	for _, conns := range []string{"1", "2", "3"} {
		db := open(t, url+"&pool_max_conns="+conns)
		var accounts []account.Account
		for _, name := range []string{"a", "b", "c"} {
			accounts = append(accounts, newAccount(t, db, name+conns))
		}
		var all sync.WaitGroup
		for i := range 30 {
			a := accounts[i%len(accounts)].ID
			all.Go(func() {
				q := everybody
				if i%2 == 0 {
					q.Search = ""
				}
				if _, err := db.Contacts(t.Context(), a, q); err != nil {
					t.Error(err)
				}
				if err := db.write(t.Context(), a, "write", func(t *tx) error { return nil }); err != nil {
					t.Error(err)
				}
				if err := db.Ping(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
}

// TestPlaceComesBack after a panic, a broken connection and an error.
func TestPlaceComesBack(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.Database(t, Migrate)+"&pool_max_conns=2")
	acme := newAccount(t, db, "acme").ID
	scanning := purpose{acme, true}
	func() {
		defer func() {
			if p := recover(); p == nil {
				t.Error("nothing panicked")
			}
		}()
		_ = db.read(t.Context(), scanning, "panic", func(*tx) error { panic("within a transaction") })
	}()
	_ = db.read(t.Context(), scanning, "break", func(t *tx) error { return t.conn.Close(t.ctx) })
	err := db.read(t.Context(), scanning, "fail", func(t *tx) error {
		t.queue(`SELECT no_such_column`)
		return t.flush()
	})
	if err == nil || !strings.Contains(err.Error(), "no_such_column") {
		t.Errorf("a wrong statement ended with %v", err)
	}
	if held := db.shares.scans.Held(acme) + db.shares.work.Held(acme); held != 0 {
		t.Errorf("%d places did not come back", held)
	}
	if err := db.read(t.Context(), scanning, "read", func(t *tx) error {
		t.queue(`SELECT 1`).QueryRow(func(row pgx.Row) error { return row.Scan(new(int)) })
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func newAccount(t *testing.T, db *DB, sid string) account.Account {
	t.Helper()
	a, err := db.CreateAccount(t.Context(), account.Account{SID: sid, Region: "IN", TimeZone: time.UTC, Created: time.Unix(1_700_000_000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestCancelledConnectionIsClosed gives up a query and looks that nobody gets its
// connection: the request that cancels the query may still be on its way to it.
func TestCancelledConnectionIsClosed(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db := open(t, url+"&pool_max_conns=1")
	acme := newAccount(t, db, "acme")
	process := func(ctx context.Context, query string, begun func()) (pid uint32, err error) {
		err = db.read(ctx, of(acme.ID), "read", func(t *tx) error {
			pid = t.conn.PgConn().PID()
			begun()
			t.queue(query)
			return t.flush()
		})
		return pid, err
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var watching sync.WaitGroup
	given, err := process(ctx, `SELECT pg_sleep(600)`, func() {
		watching.Go(func() {
			defer cancel()
			for ctx.Err() == nil && len(pgtest.Texts(t, url, `SELECT state FROM pg_stat_activity WHERE state = 'active' AND datname = current_database() AND query = 'SELECT pg_sleep(600)'`)) == 0 {
			}
		})
	})
	watching.Wait()
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the query ended with %v", err)
	}
	next, err := process(t.Context(), `SELECT 1`, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if next == given {
		t.Error("the connection of a query that was given up is lent again")
	}
}
