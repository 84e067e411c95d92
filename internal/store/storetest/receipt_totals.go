package storetest

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"callbook/internal/fault"
	"callbook/internal/journal"
)

// hasTotal checks the counter of the account's receipts.
func (f *fixture) hasTotal(t *testing.T, all ...journal.Receipt) {
	t.Helper()
	var want journal.Total
	for i := range all {
		want.Receipts++
		want.Bytes += all[i].Cost()
	}
	if got, err := f.Receipts.ReceiptTotal(t.Context(), f.account); err != nil || got != want {
		t.Errorf("the total is %+v, %v; want %+v", got, err, want)
	}
}

// receiptTotals moves the counter in every way that there is.
func receiptTotals(t *testing.T, f *fixture) {
	other := &fixture{Stores: f.Stores, account: addAccount(t, f.Accounts, "other").ID}
	f.hasTotal(t)
	small, large := receipt("small"), receipt("ä 'b")
	large.Body = bytes.Repeat([]byte("a"), 100_000)
	f.addReceipts(t, small, large)
	f.hasTotal(t, small, large)
	other.hasTotal(t)

	isError(t, "a key that is taken", f.Receipts.AddReceipt(t.Context(), f.account, receipt("small")), journal.ErrTaken)
	f.hasTotal(t, small, large)

	again := receipt(large.Key) // in the place of one that has expired
	again.Created = large.Created.Add(journal.Lifetime)
	f.addReceipts(t, again)
	f.hasTotal(t, small, again)

	theirs := receipt("theirs")
	other.addReceipts(t, theirs)
	if n, err := f.Receipts.DeleteReceipts(t.Context(), moment(), 10); err != nil || n != 2 {
		t.Errorf("%d were deleted, %v", n, err)
	}
	f.hasTotal(t, again)
	other.hasTotal(t)

	all := []journal.Receipt{again}
	for _, w := range f.writes(t) {
		r := receipt(w.name)
		if err := w.do(r); err != nil {
			t.Fatalf("%s: %v", w.name, err)
		}
		all = append(all, r)
	}
	var adding sync.WaitGroup
	for i := range 20 {
		r := receipt(fmt.Sprint("at once ", i))
		all = append(all, r)
		adding.Go(func() {
			if err := f.Receipts.AddReceipt(t.Context(), f.account, r); err != nil {
				t.Errorf("add receipt: %v", err)
			}
		})
	}
	adding.Wait()
	f.hasTotal(t, all...)
	f.reopen()
	f.hasTotal(t, all...)
}

// encodedReceipts are stored with their encoding, which is none of the store's
// business.
func encodedReceipts(t *testing.T, f *fixture) {
	zstd := receipt("zstd")
	zstd.Encoding = journal.Zstd
	f.addReceipts(t, zstd, receipt("plain"))
	for key, want := range map[string]journal.Encoding{"zstd": journal.Zstd, "plain": journal.Plain} {
		if got, err := f.Receipts.Receipt(t.Context(), f.account, key); err != nil || got.Encoding != want {
			t.Errorf("%s: got encoding %d, %v", key, got.Encoding, err)
		}
	}
}

// receiptQuota refuses every write with a key once the account's receipts take
// their quota, before anything is done; others go on.
func receiptQuota(t *testing.T, f *fixture) {
	writes := f.writes(t)
	first, second := receipt("first"), receipt("second")
	second.Created = first.Created.Add(time.Hour)
	f.addReceipts(t, first, second)
	before := f.everything(t)
	full := journal.Quota{Bytes: first.Cost() + second.Cost(), Now: first.Created.Add(23 * time.Hour)}
	check := func(name string, quota journal.Quota, room time.Duration) {
		t.Helper()
		f.quota = quota
		for _, w := range writes {
			err := w.do(receipt(w.name))
			isFault(t, err, fault.TooMany)
			if got := fault.As(err); got != nil && (got.RetryAfter < room || got.RetryAfter > room+5*time.Minute) {
				t.Errorf("%s, %s: room comes in %v, want %v or little more", name, w.name, got.RetryAfter, room)
			}
		}
	}
	writes = append(writes, write{"add receipt", func(r journal.Receipt) error {
		return f.Receipts.AddReceipt(f.claiming(t.Context(), r), f.account, r)
	}})
	check("full", full, time.Hour)
	less := full
	less.Bytes = second.Cost()
	check("over", less, 2*time.Hour)
	before.same(t, "over the quota", f.everything(t))
	f.hasTotal(t, first, second)

	other := &fixture{Stores: f.Stores, account: addAccount(t, f.Accounts, "other").ID}
	if err := other.Receipts.AddReceipt(f.claiming(t.Context(), receipt("a")), other.account, receipt("a")); err != nil {
		t.Errorf("another account: %v", err)
	}
	f.quota.Bytes = full.Bytes + 1
	for i, w := range writes {
		err := w.do(receipt(w.name))
		if i == 0 && err != nil {
			t.Errorf("with room for a byte, %s: %v", w.name, err)
		}
		if i > 0 {
			isFault(t, err, fault.TooMany)
		}
	}
	// Without a key, nothing is refused.
	f.insertAllNew(t, contacts(firstNumber+9000, 300)...)
}
