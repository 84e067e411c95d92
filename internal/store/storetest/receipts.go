package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// receipt returns the receipt of a request that was answered at a time after
// all before.
func receipt(key string) journal.Receipt {
	return journal.Receipt{
		Key:     key,
		Request: sha256.Sum256([]byte(key)),
		Status:  207,
		Body:    []byte(`{"request_id":"` + key + `"}`),
		Created: moment(),
	}
}

// keeping is a ready that has this receipt, whatever it is told.
func keeping[R any](r journal.Receipt) journal.Ready[R] {
	return func(R) *journal.Receipt { return &r }
}

// claiming returns a context for a write that keeps this receipt.
func (f *fixture) claiming(ctx context.Context, r journal.Receipt) context.Context {
	return journal.WithClaim(ctx, journal.Claim{Key: r.Key, Quota: f.quota})
}

// addReceipts adds receipts whose keys are free.
func (f *fixture) addReceipts(t *testing.T, all ...journal.Receipt) {
	t.Helper()
	for _, r := range all {
		if err := f.Receipts.AddReceipt(t.Context(), f.account, r); err != nil {
			t.Fatalf("add receipt %q: %v", r.Key, err)
		}
	}
}

// hasReceipts checks that the receipts are there, as they were given.
func (f *fixture) hasReceipts(t *testing.T, all ...journal.Receipt) {
	t.Helper()
	for _, want := range all {
		got, err := f.Receipts.Receipt(t.Context(), f.account, want.Key)
		if err != nil {
			t.Errorf("read receipt %q: %v", want.Key, err)
			continue
		}
		if !bytes.Equal(got.Body, want.Body) || !got.Created.Equal(want.Created) ||
			got.Key != want.Key || got.Request != want.Request || got.Status != want.Status {
			t.Errorf("the receipt is %.200v, want %.200v", got, want)
		}
	}
}

// hasNoReceipt checks that these keys have none.
func (f *fixture) hasNoReceipt(t *testing.T, keys ...string) {
	t.Helper()
	for _, key := range keys {
		_, err := f.Receipts.Receipt(t.Context(), f.account, key)
		if err == nil {
			t.Errorf("the key %q has a receipt", key)
			continue
		}
		isFault(t, err, fault.NotFound)
	}
}

// receipts checks that they come back as they were given, and belong to their
// account.
func receipts(t *testing.T, f *fixture) {
	other := &fixture{Stores: f.Stores, account: addAccount(t, f.Accounts, "other").ID}
	f.hasNoReceipt(t, "a", "")
	large, empty := receipt("large"), receipt("empty")
	large.Body, large.Status = bytes.Repeat([]byte{0, 'a', 0xff, '"'}, 3<<18), 404
	empty.Body = nil
	all := []journal.Receipt{
		receipt("a"), receipt("A"), receipt("ä 'b"), receipt(strings.Repeat("k", journal.MaxKeyLength)), large, empty,
	}
	f.addReceipts(t, all...)
	other.hasNoReceipt(t, "a", "large")
	theirs := receipt("a")
	other.addReceipts(t, theirs)
	f.reopen()
	other.Stores = f.Stores
	f.hasReceipts(t, all...)
	other.hasReceipts(t, theirs)
	f.hasNoReceipt(t, "b", "%", "a ", "kkk")
}

func oldReceipts(t *testing.T, f *fixture) {
	other := &fixture{Stores: f.Stores, account: addAccount(t, f.Accounts, "other").ID}
	a, b, c, d := receipt("a"), receipt("b"), receipt("c"), receipt("d")
	// Not in the order of their dates.
	f.addReceipts(t, d, a)
	other.addReceipts(t, c, b)
	remove := func(before time.Time, limit, want int) {
		t.Helper()
		if n, err := f.Receipts.DeleteReceipts(t.Context(), before, limit); err != nil || n != want {
			t.Errorf("%d receipts were deleted, %v; want %d", n, err, want)
		}
	}
	remove(a.Created, 10, 0)
	remove(d.Created, 2, 2)
	f.hasNoReceipt(t, "a")
	other.hasNoReceipt(t, "b")
	other.hasReceipts(t, c)
	remove(d.Created, 2, 1)
	remove(d.Created, 2, 0)
	f.hasReceipts(t, d)
	f.addReceipts(t, a)
	remove(moment(), 10, 2)
	f.hasNoReceipt(t, "a", "d")
}

// oneKeyAtOnce is one request that comes many times, to servers that know
// nothing of each other: it is done once.
func oneKeyAtOnce(t *testing.T, f *fixture) {
	const clients, rounds = 8, 10
	for round := range rounds {
		key := fmt.Sprint("key ", round)
		var done atomic.Int32
		var running sync.WaitGroup
		for range clients {
			l, r := list(fmt.Sprint(key, " of ", births.Load())), receipt(key)
			running.Go(func() {
				ctx := f.claiming(t.Context(), r)
				err := f.Contacts.InsertLists(ctx, f.account, []addressbook.List{l}, keeping[[]addressbook.ListResult](r))
				switch {
				case err == nil:
					done.Add(1)
				case !errors.Is(err, journal.ErrTaken) && !errors.Is(err, journal.ErrRunning):
					t.Errorf("insert lists: %v", err)
				}
			})
		}
		running.Wait()
		if n := done.Load(); n != 1 {
			t.Errorf("the request was done %d times", n)
		}
	}
	if lists := f.everything(t).lists; lists.Total != rounds {
		t.Errorf("there are %d lists, want one a round", lists.Total)
	}
}
