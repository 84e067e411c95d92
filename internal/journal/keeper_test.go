package journal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/clock/clocktest"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/store/sqlite"
)

// open returns a Keeper over a real file, its clock, and the store.
func open(t *testing.T) (*journal.Keeper, *clocktest.Clock, journal.Store, account.ID) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "callbook.db"))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	store, err := db.OpenAddressBook(sqlite.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(store.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	acct, err := account.NewDirectory(db, clock.System).Create(t.Context(), "acme", "IN", "Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	clock := clocktest.New(time.Unix(1_753_000_000, 0))
	return journal.New(store, journal.Options{Clock: clock, Log: log}), clock, store, acct.ID
}

// begin takes a key, which must be free.
func begin(t *testing.T, k *journal.Keeper, account account.ID, key string) *journal.Attempt {
	t.Helper()
	a, err := k.Begin(account, key)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestAttempts: a key is for one request at a time, and then for its answer.
func TestAttempts(t *testing.T) {
	t.Parallel()
	k, clock, _, acme := open(t)
	a := begin(t, k, acme, "key")
	if _, err := k.Begin(acme, "key"); err != error(journal.ErrRunning) {
		t.Errorf("the error is %v", err)
	}
	begin(t, k, acme, "another").End()
	begin(t, k, acme+1, "key").End()
	if a.Known() {
		t.Error("the request is known")
	}
	request := [32]byte{1}
	if r, err := a.Answer(t.Context(), request); r != nil || err != nil || !a.Known() {
		t.Errorf("got %v, %v", r, err)
	}
	if err := a.Keep(t.Context(), 404, []byte("answer")); err != nil {
		t.Fatal(err)
	}
	if err := a.Keep(t.Context(), 404, []byte("another")); !errors.Is(err, journal.ErrTaken) {
		t.Errorf("the error is %v", err)
	}
	if r, err := a.Overtaken(t.Context()); err != nil || string(r.Body) != "answer" {
		t.Errorf("got %v, %v", r, err)
	}
	a.End()

	again := begin(t, k, acme, "key")
	defer again.End()
	clock.Add(journal.Lifetime - 1)
	if r, err := again.Answer(t.Context(), request); err != nil || r.Status != 404 || string(r.Body) != "answer" {
		t.Errorf("got %v, %v", r, err)
	}
	if _, err := again.Answer(t.Context(), [32]byte{2}); err != error(journal.ErrReused) {
		t.Errorf("the error is %v", err)
	}
	clock.Add(1)
	if r, err := again.Answer(t.Context(), [32]byte{2}); r != nil || err != nil {
		t.Errorf("got %v, %v", r, err)
	}
	// Taken, and gone before it could be read: to be asked for once more.
	if _, err := again.Overtaken(t.Context()); err != error(journal.ErrRunning) {
		t.Errorf("the error is %v", err)
	}
}

// TestRun deletes what has expired, more than one batch of it, and keeps the
// rest.
func TestRun(t *testing.T) {
	t.Parallel()
	k, clock, store, acme := open(t)
	const old = 120
	keep := func(key string) {
		t.Helper()
		a := begin(t, k, acme, key)
		defer a.End()
		if err := a.Keep(t.Context(), 207, []byte("answer")); err != nil {
			t.Fatal(err)
		}
	}
	for i := range old {
		clock.Add(1)
		keep(fmt.Sprint("old-", i))
	}
	clock.Add(time.Hour)
	keep("young")
	clock.Add(journal.Lifetime - time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() { k.Run(ctx) })
	there := func(key string) bool {
		_, err := store.Receipt(t.Context(), acme, key)
		if err != nil && fault.As(err) == nil {
			t.Fatal(err)
		}
		return err == nil
	}
	for deadline := time.Now().Add(3 * time.Minute); there(fmt.Sprint("old-", old-1)); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("old receipts stay")
		}
	}
	cancel()
	running.Wait()
	for i := range old {
		if there(fmt.Sprint("old-", i)) {
			t.Errorf("receipt %d is there", i)
		}
	}
	if !there("young") {
		t.Error("a receipt that is not old is gone")
	}
}
