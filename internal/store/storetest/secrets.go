package storetest

import (
	"bytes"
	"sync"
	"testing"

	"callbook/internal/account"
)

// secrets asks for the secrets of accounts, many at once: each account has one for each
// purpose, and keeps it.
func secrets(t *testing.T, store account.Store) {
	a, b := addAccount(t, store, "acme").ID, addAccount(t, store, "other").ID
	type asked struct {
		account account.ID
		purpose account.Purpose
	}
	all := []asked{{a, account.ReportLinks}, {a, account.Callbacks}, {b, account.ReportLinks}}
	const times = 8
	got := make([][times][]byte, len(all))
	var asking sync.WaitGroup
	for i, q := range all {
		for j := range times {
			asking.Go(func() {
				fresh := bytes.Repeat([]byte{byte(1 + i*times + j)}, 32)
				secret, err := store.Secret(t.Context(), q.account, q.purpose, fresh)
				if err != nil {
					t.Error(err)
				}
				got[i][j] = secret
			})
		}
	}
	asking.Wait()
	for i, q := range all {
		again, err := store.Secret(t.Context(), q.account, q.purpose, make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		for j := range times {
			same(t, "secret", got[i][j], again)
		}
		if made := int(again[0]) - 1; len(again) != 32 || made/times != i {
			t.Errorf("the secret of %+v is %x, which nobody made for it", q, again)
		}
	}
}
