package storetest

import (
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
)

func revokeKey(t *testing.T, store account.Store) {
	a := addAccount(t, store, "acme").ID
	revoked, other := addKey(t, store, a, "revoked", 1), addKey(t, store, a, "other", 2)
	revoked.Revoked = time.Unix(0, 1_753_000_000_123_456_789)
	// Again and again, later and earlier: the first date stays.
	for _, at := range []time.Time{revoked.Revoked, revoked.Revoked.Add(time.Hour), revoked.Revoked.Add(-time.Hour)} {
		k, err := store.RevokeKey(t.Context(), revoked.ID, at)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "revoked key", k, revoked)
	}
	same(t, "keys", listKeys(t, store, a), []account.Key{revoked, other})
}

func unknownKey(t *testing.T, store account.Store) {
	a := addAccount(t, store, "acme").ID
	k := addKey(t, store, a, "abc", 1)
	for _, id := range []string{"", "ab", "ABC", "abcd", "%"} {
		_, err := store.Credentials(t.Context(), id)
		isFault(t, err, fault.NotFound)
		_, err = store.RevokeKey(t.Context(), id, time.Unix(2, 0))
		isFault(t, err, fault.NotFound)
	}
	same(t, "keys", listKeys(t, store, a), []account.Key{k})
}

// notTexts are what some engines keep in no text and refuse in a question: a
// NUL, and what is not UTF-8. Keys and sids come from strangers.
var notTexts = []string{"\x00", "a\x00", "\xff", "abc\xc3", "\xed\xa0\x80"}

// namesOfNoText asks for keys and accounts by them.
func namesOfNoText(t *testing.T, store account.Store) {
	addKey(t, store, addAccount(t, store, "a").ID, "abc", 1)
	for _, name := range notTexts {
		_, err := store.Credentials(t.Context(), name)
		isFault(t, err, fault.NotFound)
		_, err = store.RevokeKey(t.Context(), name, time.Unix(2, 0))
		isFault(t, err, fault.NotFound)
		_, err = store.Account(t.Context(), name)
		isFault(t, err, fault.NotFound)
	}
}

func credentials(t *testing.T, store account.Store) {
	addAccount(t, store, "other")
	a, err := store.CreateAccount(t.Context(), account.Account{
		SID: "acme", Region: "GB", TimeZone: zone(t, "Europe/London"), Created: time.Unix(0, 1_753_000_000_123_456_789),
	})
	if err != nil {
		t.Fatal(err)
	}
	k := account.Key{ID: "abc", Name: "key abc", Created: time.Unix(1, 1), Expires: time.Unix(200, 3)}
	if err := store.CreateKey(t.Context(), a.ID, k, tokenHash(k.ID)); err != nil {
		t.Fatal(err)
	}
	addKey(t, store, a.ID, "def", 2)
	check := func() {
		t.Helper()
		got, err := store.Credentials(t.Context(), k.ID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "credentials", got, account.Credentials{Account: a, Key: k, Hash: tokenHash(k.ID)})
	}
	check()
	k.LastUsed = time.Unix(50, 5)
	if err := store.KeysUsed(t.Context(), map[string]time.Time{k.ID: k.LastUsed}); err != nil {
		t.Fatal(err)
	}
	check()
	// A key that was revoked or has expired keeps its credentials: whoever checks
	// it decides.
	if k, err = store.RevokeKey(t.Context(), k.ID, time.Unix(100, 7)); err != nil {
		t.Fatal(err)
	}
	check()
}

func lastUse(t *testing.T, store account.Store) {
	a := addAccount(t, store, "acme").ID
	one, two, three := addKey(t, store, a, "one", 1), addKey(t, store, a, "two", 2), addKey(t, store, a, "three", 3)
	use := func(last map[string]time.Time) {
		t.Helper()
		if err := store.KeysUsed(t.Context(), last); err != nil {
			t.Fatal(err)
		}
	}
	noon := time.Unix(0, 1_753_000_000_123_456_789)
	use(nil)
	use(map[string]time.Time{one.ID: noon, two.ID: noon.Add(1)})
	one.LastUsed, two.LastUsed = noon, noon.Add(1)
	same(t, "keys", listKeys(t, store, a), []account.Key{one, two, three})

	// Two servers may write in any order.
	use(map[string]time.Time{one.ID: noon.Add(-1), two.ID: noon.Add(time.Second), three.ID: noon})
	two.LastUsed, three.LastUsed = noon.Add(time.Second), noon
	same(t, "keys", listKeys(t, store, a), []account.Key{one, two, three})
}

func concurrentLastUse(t *testing.T, store account.Store) {
	a := addAccount(t, store, "acme").ID
	k := addKey(t, store, a, "abc", 1)
	const clients = 16
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			if err := store.KeysUsed(t.Context(), map[string]time.Time{k.ID: time.Unix(int64(1000+i), 0)}); err != nil {
				t.Errorf("key used: %v", err)
			}
		})
	}
	all.Wait()
	k.LastUsed = time.Unix(1000+clients-1, 0)
	same(t, "keys", listKeys(t, store, a), []account.Key{k})
}
