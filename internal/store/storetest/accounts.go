package storetest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func createAccount(t *testing.T, store account.Store) {
	ids := make(map[account.ID]bool)
	for i, given := range []account.Account{
		{SID: "acme", Region: "IN", TimeZone: zone(t, "Asia/Kolkata"), Created: time.Unix(0, 1_753_000_000_123_456_789)},
		{SID: "Acme", Region: "US", TimeZone: zone(t, "America/New_York"), Created: time.Unix(0, 1)},
		{SID: "a-b_9", Region: "GB", TimeZone: time.UTC, Created: time.Unix(1_700_000_000, 0)},
		// Whatever its id, an account gets one of its own.
		{ID: 1, SID: "with-an-id", Region: "IN", TimeZone: time.UTC, Created: time.Unix(1_700_000_000, 0)},
	} {
		created, err := store.CreateAccount(t.Context(), given)
		if err != nil {
			t.Fatalf("create %s: %v", given.SID, err)
		}
		if ids[created.ID] {
			t.Errorf("account %d has the id %d, as another", i, created.ID)
		}
		ids[created.ID] = true
		given.ID = created.ID
		same(t, "created account", created, given)
		read, err := store.Account(t.Context(), given.SID)
		if err != nil {
			t.Fatalf("read %s: %v", given.SID, err)
		}
		same(t, "account", read, given)
	}
}

func accountTaken(t *testing.T, store account.Store) {
	first := addAccount(t, store, "acme")
	_, err := store.CreateAccount(t.Context(), account.Account{
		SID: "acme", Region: "US", TimeZone: zone(t, "America/New_York"), Created: time.Now(),
	})
	isFault(t, err, fault.Duplicate)
	all, err := store.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "accounts", all, []account.Account{first})
}

func accountNotFound(t *testing.T, store account.Store) {
	addAccount(t, store, "acme")
	for _, sid := range []string{"", "ACME", "acm", "acme2", "%"} {
		_, err := store.Account(t.Context(), sid)
		isFault(t, err, fault.NotFound)
	}
}

// accountsBySID checks that the order is that of the bytes, not of a language.
func accountsBySID(t *testing.T, store account.Store) {
	if all, err := store.Accounts(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("a new database has %d accounts, %v", len(all), err)
	}
	sids := []string{"b", "B", "a", "a-b", "a_b", "ab", "A", "10", "9", "aB"}
	for _, sid := range sids {
		addAccount(t, store, sid)
	}
	all, err := store.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range all {
		got = append(got, a.SID)
	}
	slices.Sort(sids)
	same(t, "sids", got, sids)
}

func concurrentCreation(t *testing.T, store account.Store) {
	const clients = 16
	var created atomic.Int32
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			_, err := store.CreateAccount(t.Context(), account.Account{
				SID: "acme", Region: "IN", TimeZone: time.UTC, Created: time.Unix(1_700_000_000, 0),
			})
			if err == nil {
				created.Add(1)
			} else {
				isFault(t, err, fault.Duplicate)
			}
		})
	}
	all.Wait()
	if created.Load() != 1 {
		t.Errorf("%d of %d clients created the account", created.Load(), clients)
	}
}

// addKey adds a key, created at this second.
func addKey(t *testing.T, store account.Store, accountID account.ID, id string, created int64) account.Key {
	t.Helper()
	k := account.Key{ID: id, Name: "key " + id, Created: time.Unix(created, 1)}
	if err := store.CreateKey(t.Context(), accountID, k, tokenHash(id)); err != nil {
		t.Fatalf("create key %s: %v", id, err)
	}
	return k
}

func tokenHash(id string) (hash account.TokenHash) {
	for i := range hash {
		hash[i] = byte(i) * 7
	}
	copy(hash[:], id)
	return hash
}

func listKeys(t *testing.T, store account.Store, accountID account.ID) []account.Key {
	t.Helper()
	keys, err := store.Keys(t.Context(), accountID)
	if err != nil {
		t.Fatalf("list keys: %v", err)
	}
	return keys
}

func keys(t *testing.T, store account.Store) {
	a := addAccount(t, store, "acme").ID
	if keys := listKeys(t, store, a); len(keys) != 0 {
		t.Errorf("a new account has %d keys", len(keys))
	}
	second := addKey(t, store, a, "aaa", 200)
	first := addKey(t, store, a, "zzz", 100)
	named := account.Key{ID: "mmm", Name: "नाम 𝄞 '\"", Created: time.Unix(0, 300_123_456_789)}
	if err := store.CreateKey(t.Context(), a, named, account.TokenHash{}); err != nil {
		t.Fatal(err)
	}
	access, err := account.ParseAccess([]string{"lists", "contacts:read"}, []string{"10.0.0.0/8", "fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	nameless := account.Key{ID: "bbb", Created: time.Unix(400, 0), Expires: time.Unix(0, 500_123_456_789), Access: access}
	if err := store.CreateKey(t.Context(), a, nameless, account.TokenHash{}); err != nil {
		t.Fatal(err)
	}
	same(t, "keys, oldest first", listKeys(t, store, a), []account.Key{first, second, named, nameless})

	if err := store.CreateKey(t.Context(), a, second, tokenHash("other")); err == nil {
		t.Error("two keys have the same id")
	}
	same(t, "keys", listKeys(t, store, a), []account.Key{first, second, named, nameless})

	// A key expires at the earlier of two times.
	for i, want := range []*account.Key{&second, &nameless} {
		at := time.Unix(600, 0)
		if want.Expires.IsZero() {
			want.Expires = at
		}
		got, err := store.ExpireKey(t.Context(), want.ID, at)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("key %d that was to expire", i), got, *want)
		read, err := store.Credentials(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "its credentials", read.Key, *want)
	}
	_, err = store.ExpireKey(t.Context(), "nothing", time.Unix(600, 0))
	isFault(t, err, fault.NotFound)

	for _, id := range []string{named.ID, named.ID, "nothing"} {
		if err := store.DeleteKey(t.Context(), id); err != nil {
			t.Errorf("delete key %s: %v", id, err)
		}
	}
	same(t, "keys after one was deleted", listKeys(t, store, a), []account.Key{first, second, nameless})
}

func keysOfAccount(t *testing.T, store account.Store) {
	one, two := addAccount(t, store, "one").ID, addAccount(t, store, "two").ID
	var ofOne, ofTwo []account.Key
	for i := range 3 {
		ofOne = append(ofOne, addKey(t, store, one, fmt.Sprintf("one%d", i), int64(i)))
		ofTwo = append(ofTwo, addKey(t, store, two, fmt.Sprintf("two%d", i), int64(i)))
	}
	same(t, "keys of one", listKeys(t, store, one), ofOne)
	same(t, "keys of two", listKeys(t, store, two), ofTwo)
}

func keyWithoutAccount(t *testing.T, store account.Store) {
	a := addAccount(t, store, "acme").ID
	if err := store.CreateKey(t.Context(), a+1000, account.Key{ID: "k", Created: time.Unix(1, 0)}, account.TokenHash{}); err == nil {
		t.Error("a key was made for an account that is not there")
	}
	_, err := store.Credentials(t.Context(), "k")
	isFault(t, err, fault.NotFound)
}
