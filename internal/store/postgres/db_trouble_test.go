package postgres

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/phone"
	"callbook/internal/store/storetest"
	"callbook/internal/test/pgtest"
)

func addAccount(t *testing.T, db *DB) account.ID {
	t.Helper()
	a, err := db.CreateAccount(t.Context(), account.Account{SID: "acme", Region: "IN", TimeZone: time.UTC, Created: time.Unix(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// insert adds contacts with these sids and numbers.
func insert(ctx context.Context, db *DB, account account.ID, numbers ...phone.Number) error {
	all := make([]addressbook.Contact, len(numbers))
	for i, n := range numbers {
		all[i] = addressbook.Contact{SID: addressbook.SID{byte(n)}, Number: n, Created: time.Unix(1, 0), Updated: time.Unix(1, 0)}
	}
	return db.InsertContacts(ctx, account, all, addressbook.CreateOptions{}, nil)
}

func isUnavailable(t *testing.T, what string, err error) {
	t.Helper()
	if f := fault.As(err); f == nil || f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
		t.Errorf("%s: the error is %v, want an Unavailable fault that says when to ask again", what, err)
	}
}

// TestConnectionsLost ends every connection of the database at its other end,
// as its end does: one call may fail, and then all is well.
func TestConnectionsLost(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db, other := open(t, url), open(t, url)
	acct := addAccount(t, db)
	for n := phone.Number(1); n <= 5; n++ {
		exec(t, other, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		if err := insert(t.Context(), db, acct, n); err != nil {
			isUnavailable(t, "insert", err)
			if err := insert(t.Context(), db, acct, n); err != nil {
				t.Errorf("insert again: %v", err)
			}
		}
	}
	recount(t, db)
}

// TestStandby is a database that takes no writes, as after a failover.
func TestStandby(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db := open(t, url)
	acct := addAccount(t, db)
	standby := open(t, url+"&default_transaction_read_only=on")
	isUnavailable(t, "insert", insert(t.Context(), standby, acct, 1))
	if page, err := standby.Contacts(t.Context(), acct, addressbook.Query{Window: addressbook.Window{Limit: 1}}); err != nil || page.Total != 0 {
		t.Errorf("read: %v, %v", page, err)
	}
}

// TestNobodyThere has an address where nothing listens.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	_, err = Open(t.Context(), "postgres://somebody:hunter2@"+addr+"/callbook?sslmode=disable&connect_timeout=2", Options{})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error is %v", err)
	}
	isUnavailable(t, "ping", storeError("ping", err))
}

// TestUnsureCommit has a database that warns at the commit, as one does that
// gives up waiting for its standby; also at the one that comes with the rows.
func TestUnsureCommit(t *testing.T) {
	t.Parallel()
	for name, least := range map[string]int{"inserting": minCopyRows, "guessing": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, pgtest.Database(t, Migrate))
			db.minCopyRows = least
			acct := addAccount(t, db)
			exec(t, db, `CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN RAISE WARNING 'canceling wait for synchronous replication'; RETURN NULL; END $$`)
			exec(t, db, `CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON contacts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION warn()`)
			err := insert(t.Context(), db, acct, 1)
			isUnavailable(t, "insert", err)
			if !errors.Is(err, errUnsure) {
				t.Errorf("the error is %v", err)
			}
			exec(t, db, `DROP TRIGGER warn ON contacts`)
			if err := insert(t.Context(), db, acct, numbered(2, 100)...); err != nil {
				t.Errorf("the next insert fails, too: %v", err)
			}
		})
	}
}

// TestDeadlock deadlocks with another transaction: what it does is done when
// the other has ended.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	// It looks for a circle after this time, and the other long after.
	url := pgtest.Database(t, Migrate) + "&deadlock_timeout=3s"
	db := open(t, url)
	acct := addAccount(t, db)
	if err := insert(t.Context(), db, acct, 1, 2); err != nil {
		t.Fatal(err)
	}
	other, err := db.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), `SET LOCAL deadlock_timeout = '10min'`); err != nil {
		t.Fatal(err)
	}
	lock := func(sid byte) {
		t.Helper()
		_, err := other.Exec(t.Context(), `SELECT 1 FROM contacts WHERE account_id = $1 AND sid = $2 FOR UPDATE`, acct, [16]byte{sid})
		if err != nil {
			t.Errorf("the other transaction: %v", err)
		}
	}
	lock(2)
	deleted := make(chan error, 1)
	go func() {
		deleted <- db.DeleteContacts(t.Context(), acct, storetest.NewDeletion(), []addressbook.SID{{1}, {2}}, nil)
	}()
	pgtest.AwaitWaiting(t, url, 1)
	lock(1) // closes the circle
	if err := other.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-deleted; err != nil {
		t.Errorf("delete: %v", err)
	}
	recount(t, db)
}

// TestGivenUp cancels a read that waits, in the database too, and keeps its
// connection.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db, other := open(t, url+"&pool_max_conns=1"), open(t, url)
	acct := addAccount(t, db)
	locked, err := other.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer locked.Rollback(context.Background())
	if _, err := locked.Exec(t.Context(), `LOCK TABLE contacts`); err != nil {
		t.Fatal(err)
	}
	reason := errors.New("the client went away")
	ctx, cancel := context.WithCancelCause(t.Context())
	read := make(chan error, 1)
	go func() {
		_, err := db.Contact(ctx, acct, addressbook.SID{1})
		read <- err
	}()
	pgtest.AwaitWaiting(t, url, 1)
	cancel(reason)
	if err := <-read; !errors.Is(err, reason) || fault.As(err) != nil {
		t.Errorf("the error is %v, want the reason and no fault", err)
	}
	if err := locked.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := insert(t.Context(), db, acct, 1); err != nil {
		t.Error(err)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"postgres://me:hunter2@db:5432/callbook":              "postgres://me:xxxxx@db:5432/callbook",
		"postgresql://me@db/callbook?sslmode=disable":         "postgresql://me@db/callbook?sslmode=disable",
		"postgres://db/callbook?password=hunter2&user=me":     "postgres://db/callbook?password=xxxxx&user=me",
		"postgres://me:hunter2@db1:5432,db2:5432/callbook":    "postgres://me:xxxxx@db1:5432,db2:5432/callbook",
		"postgres://me:hunter2%zz@db/callbook":                "postgres://(a URL that is not shown)",
		"postgres://me:hunter2@db:port/callbook":              "postgres://(a URL that is not shown)",
		"postgres://db/callbook?sslkey=k&sslpassword=hunter2": "postgres://db/callbook?sslkey=k&sslpassword=xxxxx",
	} {
		if got := Redact(url); got != want {
			t.Errorf("Redact(%q) is %q, want %q", url, got, want)
		}
		if _, err := poolConfig(url + "&pool_max_conns=many"); err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error has the password in it: %v", url, err)
		}
	}
}

func TestStoreError(t *testing.T) {
	t.Parallel()
	for code, passes := range map[string]bool{
		"25006": true, "53300": true, "53100": true, "57P01": true, "57P03": true, "57014": true, "55P03": true,
		"08006": true, "40001": true, "40P01": true, "58030": true, "25P03": true,
		"23505": false, "42P01": false, "22021": false, "28P01": false,
	} {
		err := storeError("test", &pgconn.PgError{Code: code, Message: "secret"})
		f := fault.As(err)
		if (f != nil) != passes {
			t.Errorf("%s: the error is %v", code, err)
		}
		if f != nil && (f.Kind != fault.Unavailable || strings.Contains(f.Detail, "secret")) {
			t.Errorf("%s: the caller is told %+v", code, f)
		}
	}
	if err := storeError("test", nil); err != nil {
		t.Errorf("nil became %v", err)
	}
	if f := fault.New(fault.NotFound, "no"); !errors.Is(storeError("test", f), f) {
		t.Error("a fault is not what it was")
	}
	slow, cancel := context.WithTimeoutCause(t.Context(), time.Nanosecond, errSlow)
	defer cancel()
	<-slow.Done()
	isUnavailable(t, "slow", storeError("test", causeOf(slow, slow.Err())))
}

// TestPool looks at what a URL sets.
func TestPool(t *testing.T) {
	t.Parallel()
	config, err := poolConfig("postgres://me:pw@one:5432,two:5433/callbook?target_session_attrs=read-write&pool_max_conns=3")
	if err != nil {
		t.Fatal(err)
	}
	if config.MaxConns != 3 || config.ConnConfig.Host != "one" || len(config.ConnConfig.Fallbacks) == 0 || config.ConnConfig.ValidateConnect == nil {
		t.Errorf("got %d connections to %s and %d other hosts", config.MaxConns, config.ConnConfig.Host, len(config.ConnConfig.Fallbacks))
	}
	if config, err = poolConfig("postgres://one/callbook"); err != nil || config.MaxConns < 8 || config.ConnConfig.ConnectTimeout <= 0 {
		t.Errorf("got %+v, %v", config, err)
	}
}
