package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/session"
)

// addKey adds an API key to an account.
func (s SessionStores) addKey(t *testing.T, accountID account.ID, key string) {
	t.Helper()
	err := s.Accounts.CreateKey(t.Context(), accountID, account.Key{ID: key, Created: noon}, tokenHash(key))
	if err != nil {
		t.Fatal(err)
	}
}

// secrets returns which of these sessions are there, in their order.
func (s SessionStores) secrets(t *testing.T, accountID account.ID, of ...string) []string {
	t.Helper()
	there := make(map[session.Hash]bool)
	for _, one := range s.list(t, accountID) {
		there[one.Hash] = true
	}
	var found []string
	for _, secret := range of {
		if there[hashOf(secret)] {
			found = append(found, secret)
		}
	}
	return found
}

// boundSessions adds more sessions than may be: those of the same key, or those
// by links, that were used longest ago end, and no others.
func boundSessions(t *testing.T, s SessionStores) {
	acme, other := addAccount(t, s.Accounts, "acme"), addAccount(t, s.Accounts, "other")
	s.addKey(t, acme.ID, "k1")
	s.addKey(t, acme.ID, "k2")
	s.addKey(t, other.ID, "k3")
	const most = 3
	add := func(accountID account.ID, secret, key string, used time.Duration) {
		t.Helper()
		added := session.Session{Hash: hashOf(secret), Key: key, Created: noon, LastUsed: noon.Add(used)}
		if err := s.Sessions.AddSession(t.Context(), accountID, added, most); err != nil {
			t.Fatal(err)
		}
	}
	for i, used := range []time.Duration{5, 1, 3} {
		add(acme.ID, fmt.Sprint("a", i), "k1", used)
		add(acme.ID, fmt.Sprint("b", i), "k2", used)
		add(acme.ID, fmt.Sprint("l", i), "", used)
		add(other.ID, fmt.Sprint("o", i), "k3", used)
		add(other.ID, fmt.Sprint("p", i), "", used)
	}
	all := []string{"a0", "a1", "a2", "a3", "a4", "b0", "b1", "b2", "l0", "l1", "l2", "l3", "l4"}
	add(acme.ID, "a3", "k1", 2)
	same(t, "sessions", s.secrets(t, acme.ID, all...), []string{"a0", "a2", "a3", "b0", "b1", "b2", "l0", "l1", "l2"})
	add(acme.ID, "a4", "k1", 0) // of a clock that was set back: the new one stays
	same(t, "sessions", s.secrets(t, acme.ID, all...), []string{"a0", "a2", "a4", "b0", "b1", "b2", "l0", "l1", "l2"})
	add(acme.ID, "l3", "", 4)
	s.addLink(t, acme.ID, "link", noon.Add(1))
	followed := session.Session{Hash: hashOf("l4"), Created: noon, LastUsed: noon.Add(9)}
	if _, err := s.Sessions.TakeLink(t.Context(), hashOf("link"), followed, most); err != nil {
		t.Fatal(err)
	}
	same(t, "sessions", s.secrets(t, acme.ID, all...), []string{"a0", "a2", "a4", "b0", "b1", "b2", "l0", "l3", "l4"})
	same(t, "sessions of the other", s.secrets(t, other.ID, "o0", "o1", "o2", "p0", "p1", "p2"),
		[]string{"o0", "o1", "o2", "p0", "p1", "p2"})
}

// boundSessionsAtOnce has many browsers sign in at once: no more sessions are left
// than may be.
func boundSessionsAtOnce(t *testing.T, s SessionStores) {
	acme := addAccount(t, s.Accounts, "acme")
	s.addKey(t, acme.ID, "k")
	const most, browsers = 4, 40
	var all sync.WaitGroup
	for i := range browsers {
		for _, key := range []string{"k", ""} {
			all.Go(func() {
				one := session.Session{Hash: hashOf(fmt.Sprint(key, i)), Key: key, Created: noon, LastUsed: noon.Add(time.Duration(i))}
				if err := s.Sessions.AddSession(t.Context(), acme.ID, one, most); err != nil {
					t.Errorf("add session: %v", err)
				}
			})
		}
	}
	all.Wait()
	left := make(map[string]int)
	for _, one := range s.list(t, acme.ID) {
		left[one.Key]++
	}
	same(t, "sessions by key", left, map[string]int{"k": most, "": most})
}
