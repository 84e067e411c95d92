package postgres

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"callbook/internal/test/pgtest"
)

// openServing opens a database as a server does.
func openServing(t *testing.T, url string) *DB {
	t.Helper()
	db, err := Open(t.Context(), url, Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestHold: servers share a database, whatever their connections are called, and
// a copy has it for itself.
func TestHold(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	one := openServing(t, url+"&application_name=one")
	two := openServing(t, url+"&application_name=two")
	for _, last := range []*DB{one, two} {
		if _, err := OpenTransfer(t.Context(), url, Options{}); !errors.Is(err, ErrInUse) {
			t.Fatalf("the error is %v, want ErrInUse", err)
		}
		last.Close()
	}
	copying, err := OpenTransfer(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), url, Options{Serve: true}); !errors.Is(err, ErrCopied) || MayPass(err) {
		t.Errorf("a server during a copy: %v, want ErrCopied", err)
	}
	if _, err := OpenTransfer(t.Context(), url+"&application_name=other", Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("a copy during a copy: %v, want ErrInUse", err)
	}
	copying.Close()
	openServing(t, url)
}

// holders is of whom the database's advisory locks are.
const holders = ` FROM pg_locks JOIN pg_database ON oid = database WHERE datname = current_database() AND locktype = 'advisory' AND granted`

// loseHold ends the connection that has the lock.
func loseHold(t *testing.T, url string) {
	t.Helper()
	if n := len(pgtest.Texts(t, url, `SELECT pg_terminate_backend(pid)::text`+holders)); n != 1 {
		t.Fatalf("%d connections have the lock", n)
	}
}

// TestHoldIsRegained loses the connection with the lock, to nobody and to a copy
// that was quicker: the server takes it again, and does nothing while it may not.
func TestHoldIsRegained(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db := openServing(t, url)
	acct := addAccount(t, db)
	await := func(what string, condition func() bool) {
		t.Helper()
		again := time.NewTicker(time.Millisecond)
		defer again.Stop()
		for deadline := time.Now().Add(3 * time.Minute); !condition(); <-again.C {
			if time.Now().After(deadline) {
				t.Fatalf("waited for this in vain: %s", what)
			}
		}
	}
	loseHold(t, url)
	await("the lock is held again", func() bool {
		return pgtest.Texts(t, url, `SELECT count(*)::text`+holders)[0] == "1"
	})
	if err := insert(t.Context(), db, acct, 1); err != nil {
		t.Error(err)
	}

	taken := make(chan func())
	go func() {
		taken <- pgtest.Hold(t, url, fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d)`, useLockKey))
	}()
	pgtest.AwaitWaiting(t, url, 1)
	loseHold(t, url)
	letGo := <-taken
	var err error
	await("the server stops", func() bool { err = insert(t.Context(), db, acct, 2); return err != nil })
	isUnavailable(t, "insert", err)
	if !errors.Is(err, ErrCopied) {
		t.Errorf("the error is %v, want ErrCopied", err)
	}
	letGo()
	await("the server goes on", func() bool { return insert(t.Context(), db, acct, 3) == nil })
}

// TestCopyLosesHold: what may no longer be alone goes no farther.
func TestCopyLosesHold(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db, err := OpenTransfer(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	loseHold(t, url)
	for deadline := time.Now().Add(3 * time.Minute); err == nil; _, err = db.Transfer().Size(t.Context()) {
		if time.Now().After(deadline) {
			t.Fatal("the copy goes on")
		}
	}
	if !errors.Is(err, errUseLockLost) {
		t.Errorf("the error is %v", err)
	}
}
