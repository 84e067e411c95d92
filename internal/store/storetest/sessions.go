package storetest

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/session"
)

// SessionStores are the stores of one database that know who may look.
type SessionStores struct {
	Accounts account.Store
	Sessions session.Store
}

// Sessions runs the contract of [session.Store]. Open gives each test a
// database of its own, as for [AddressBook].
func Sessions(t *testing.T, open func(t *testing.T) SessionStores) {
	run(t, open, []test[SessionStores]{
		{"links", links},
		{"link into no account", linkWithoutAccount},
		{"take a link once", takeLinkOnce},
		{"take a link and fail", takeLinkAndFail},
		{"sessions", sessions},
		{"session of no account", sessionWithoutAccount},
		{"last use of a session", sessionUsed},
		{"end session", endSession},
		{"end other sessions", endOtherSessions},
		{"servers", servers},
		{"a session ends with its key", sessionEndsWithKey},
		{"a disabled account has no sessions", disabledAccount},
		{"forget", forget},
		{"sessions are bounded", boundSessions},
		{"sessions are bounded at once", boundSessionsAtOnce},
	})
}

// noon is when most of these tests begin.
var noon = time.Unix(0, 1_753_000_000_123_456_789)

func hashOf(secret string) session.Hash { return sha256.Sum256([]byte(secret)) }

func linkWith(token string, expires time.Time) session.Link {
	return session.Link{Hash: hashOf(token), Expires: expires}
}

func (s SessionStores) addLink(t *testing.T, account account.ID, token string, expires time.Time) {
	t.Helper()
	if err := s.Sessions.AddLink(t.Context(), account, linkWith(token, expires)); err != nil {
		t.Fatalf("add link %s: %v", token, err)
	}
}

// addSession adds a session that was last used at this time.
func (s SessionStores) addSession(t *testing.T, account account.ID, secret string, used time.Time) session.Session {
	t.Helper()
	added := session.Session{Hash: hashOf(secret), Client: session.Client{Agent: "browser of " + secret, Address: "192.0.2.1"}, Created: noon, LastUsed: used}
	if err := s.Sessions.AddSession(t.Context(), account, added, anyNumber); err != nil {
		t.Fatalf("add session %s: %v", secret, err)
	}
	return added
}

// anyNumber is a bound that no test comes to.
const anyNumber = 1000

// list returns the sessions of an account, as of noon.
func (s SessionStores) list(t *testing.T, account account.ID) []session.Session {
	t.Helper()
	all, err := s.Sessions.Sessions(t.Context(), account, noon)
	if err != nil {
		t.Fatalf("list sessions: %v", err)
	}
	return all
}

func links(t *testing.T, s SessionStores) {
	acme, other := addAccount(t, s.Accounts, "acme"), addAccount(t, s.Accounts, "other")
	s.addLink(t, acme.ID, "a", noon)
	s.addLink(t, other.ID, "b", noon.Add(time.Hour))
	for _, tt := range []struct {
		token string
		now   time.Time
		leads account.Account // none: nowhere
	}{
		{"a", noon.Add(-time.Hour), acme},
		{"a", noon.Add(-1), acme},
		{"a", noon, account.Account{}},
		{"a", noon.Add(1), account.Account{}},
		{"b", noon, other},
		{"c", noon.Add(-time.Hour), account.Account{}},
	} {
		got, err := s.Sessions.Link(t.Context(), hashOf(tt.token), tt.now)
		if tt.leads.ID == 0 {
			isFault(t, err, fault.NotFound)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		same(t, "account", got, tt.leads)
	}
	if err := s.Sessions.AddLink(t.Context(), other.ID, linkWith("a", noon)); err == nil {
		t.Error("two links have the same token")
	}
}

func linkWithoutAccount(t *testing.T, s SessionStores) {
	acme := addAccount(t, s.Accounts, "acme")
	if err := s.Sessions.AddLink(t.Context(), acme.ID+1000, linkWith("a", noon)); err == nil {
		t.Error("a link was made into an account that is not there")
	}
}

// takeLinkOnce has many browsers follow one link at once.
func takeLinkOnce(t *testing.T, s SessionStores) {
	acme := addAccount(t, s.Accounts, "acme")
	s.addLink(t, acme.ID, "late", noon)
	_, err := s.Sessions.TakeLink(t.Context(), hashOf("late"), session.Session{Hash: hashOf("x"), Created: noon, LastUsed: noon}, anyNumber)
	isFault(t, err, fault.NotFound)
	_, err = s.Sessions.TakeLink(t.Context(), hashOf("none"), session.Session{Hash: hashOf("x"), Created: noon, LastUsed: noon}, anyNumber)
	isFault(t, err, fault.NotFound)
	same(t, "sessions", s.list(t, acme.ID), []session.Session(nil))

	s.addLink(t, acme.ID, "link", noon.Add(1))
	var taken atomic.Int32
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			won := session.Session{Hash: hashOf(string(rune('a' + i))), Client: session.Client{Agent: "browser", Address: "192.0.2.1"}, Created: noon, LastUsed: noon}
			into, err := s.Sessions.TakeLink(t.Context(), hashOf("link"), won, anyNumber)
			if err != nil {
				isFault(t, err, fault.NotFound)
				return
			}
			taken.Add(1)
			same(t, "account", into, acme)
			found, of, err := s.Sessions.Session(t.Context(), won.Hash, noon)
			if err != nil {
				t.Errorf("read session: %v", err)
			}
			same(t, "session", found, won)
			same(t, "its account", of, acme)
		})
	}
	all.Wait()
	if got := len(s.list(t, acme.ID)); taken.Load() != 1 || got != 1 {
		t.Errorf("the link was taken %d times, and there are %d sessions", taken.Load(), got)
	}
}

// takeLinkAndFail checks that a link is good still when its session could not
// be added.
func takeLinkAndFail(t *testing.T, s SessionStores) {
	acme := addAccount(t, s.Accounts, "acme")
	there := s.addSession(t, acme.ID, "there", noon)
	s.addLink(t, acme.ID, "link", noon.Add(1))
	if _, err := s.Sessions.TakeLink(t.Context(), hashOf("link"), there, anyNumber); err == nil {
		t.Fatal("two sessions have the same secret")
	}
	if _, err := s.Sessions.Link(t.Context(), hashOf("link"), noon); err != nil {
		t.Errorf("the link is gone: %v", err)
	}
}

func sessions(t *testing.T, s SessionStores) {
	acme, other := addAccount(t, s.Accounts, "acme"), addAccount(t, s.Accounts, "other")
	same(t, "sessions", s.list(t, acme.ID), []session.Session(nil))
	first := s.addSession(t, acme.ID, "first", noon.Add(1))
	last := s.addSession(t, acme.ID, "last", noon.Add(3))
	others := s.addSession(t, other.ID, "others", noon)
	middle := session.Session{Hash: hashOf("middle"), Client: session.Client{Agent: "ब्राउज़र 𝄞 '\"", Address: "192.0.2.1"}, Created: noon.Add(-time.Hour), LastUsed: noon.Add(2)}
	if err := s.Sessions.AddSession(t.Context(), acme.ID, middle, anyNumber); err != nil {
		t.Fatal(err)
	}
	same(t, "sessions, last used first", s.list(t, acme.ID), []session.Session{last, middle, first})
	same(t, "sessions of the other", s.list(t, other.ID), []session.Session{others})

	for _, want := range []struct {
		session session.Session
		account account.Account
	}{{middle, acme}, {others, other}} {
		got, of, err := s.Sessions.Session(t.Context(), want.session.Hash, noon)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "session", got, want.session)
		same(t, "its account", of, want.account)
	}
	_, _, err := s.Sessions.Session(t.Context(), hashOf("unknown"), noon)
	isFault(t, err, fault.NotFound)
	if err := s.Sessions.AddSession(t.Context(), other.ID, first, anyNumber); err == nil {
		t.Error("two sessions have the same secret")
	}
}

func sessionWithoutAccount(t *testing.T, s SessionStores) {
	acme := addAccount(t, s.Accounts, "acme")
	err := s.Sessions.AddSession(t.Context(), acme.ID+1000, session.Session{Hash: hashOf("a"), Created: noon, LastUsed: noon}, anyNumber)
	if err == nil {
		t.Error("a session was begun in an account that is not there")
	}
}

func sessionUsed(t *testing.T, s SessionStores) {
	acme := addAccount(t, s.Accounts, "acme")
	one, two := s.addSession(t, acme.ID, "one", noon.Add(2)), s.addSession(t, acme.ID, "two", noon.Add(1))
	use := func(hash session.Hash, at time.Time) {
		t.Helper()
		if err := s.Sessions.SessionUsed(t.Context(), hash, at, "2001:db8::1"); err != nil {
			t.Fatal(err)
		}
	}
	use(hashOf("unknown"), noon)
	use(one.Hash, noon) // it never moves back
	use(two.Hash, noon.Add(3))
	two.LastUsed = noon.Add(3)
	one.Address, two.Address = "2001:db8::1", "2001:db8::1"
	same(t, "sessions", s.list(t, acme.ID), []session.Session{two, one})
}

func endSession(t *testing.T, s SessionStores) {
	acme, other := addAccount(t, s.Accounts, "acme"), addAccount(t, s.Accounts, "other")
	one, two := s.addSession(t, acme.ID, "one", noon), s.addSession(t, acme.ID, "two", noon.Add(1))
	isFault(t, s.Sessions.EndSession(t.Context(), other.ID, one.Hash), fault.NotFound)
	isFault(t, s.Sessions.EndSession(t.Context(), acme.ID, hashOf("unknown")), fault.NotFound)
	same(t, "sessions", s.list(t, acme.ID), []session.Session{two, one})
	if err := s.Sessions.EndSession(t.Context(), acme.ID, two.Hash); err != nil {
		t.Fatal(err)
	}
	isFault(t, s.Sessions.EndSession(t.Context(), acme.ID, two.Hash), fault.NotFound)
	_, _, err := s.Sessions.Session(t.Context(), two.Hash, noon)
	isFault(t, err, fault.NotFound)
	same(t, "sessions", s.list(t, acme.ID), []session.Session{one})
}

func endOtherSessions(t *testing.T, s SessionStores) {
	acme, other := addAccount(t, s.Accounts, "acme"), addAccount(t, s.Accounts, "other")
	one := s.addSession(t, acme.ID, "one", noon)
	s.addSession(t, acme.ID, "two", noon.Add(1))
	s.addSession(t, acme.ID, "three", noon.Add(2))
	others := s.addSession(t, other.ID, "others", noon)
	for _, want := range []int{2, 0} {
		if n, err := s.Sessions.EndOtherSessions(t.Context(), acme.ID, one.Hash); err != nil || n != want {
			t.Errorf("%d sessions ended, %v; want %d", n, err, want)
		}
	}
	same(t, "sessions", s.list(t, acme.ID), []session.Session{one})
	same(t, "sessions of the other", s.list(t, other.ID), []session.Session{others})
}

// servers adds and removes servers: the ones that started last are kept.
func servers(t *testing.T, s SessionStores) {
	list := func() []session.Server {
		t.Helper()
		all, err := s.Sessions.Servers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	same(t, "servers", list(), []session.Server(nil))
	var added []session.Server
	for i, id := range []string{"a", "b", "c", "d"} {
		one := session.Server{ID: id, URL: "https://same.example", Started: noon.Add(time.Duration(i))}
		if err := s.Sessions.AddServer(t.Context(), one, 3); err != nil {
			t.Fatal(err)
		}
		added = append(added, one)
	}
	same(t, "servers, the last first", list(), []session.Server{added[3], added[2], added[1]})
	for _, id := range []string{"c", "unknown"} {
		if err := s.Sessions.RemoveServer(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "servers, one removed", list(), []session.Server{added[3], added[1]})
}

func sessionEndsWithKey(t *testing.T, s SessionStores) {
	acme := addAccount(t, s.Accounts, "acme")
	byLink := s.addSession(t, acme.ID, "link", noon)
	begin := func(key string, expires time.Time) session.Session {
		t.Helper()
		err := s.Accounts.CreateKey(t.Context(), acme.ID, account.Key{ID: key, Created: noon, Expires: expires}, tokenHash(key))
		if err != nil {
			t.Fatal(err)
		}
		begun := session.Session{Hash: hashOf(key), Key: key, Client: session.Client{Agent: "browser", Address: "192.0.2.1"}, Created: noon, LastUsed: noon}
		if err := s.Sessions.AddSession(t.Context(), acme.ID, begun, anyNumber); err != nil {
			t.Fatal(err)
		}
		return begun
	}
	good := begin("good", time.Time{})
	revoked := begin("revoked", time.Time{})
	begin("expired", noon)
	expires := begin("expires", noon.Add(1))
	there := func(now time.Time, want ...session.Session) {
		t.Helper()
		got, err := s.Sessions.Sessions(t.Context(), acme.ID, now)
		if err != nil {
			t.Fatal(err)
		}
		found := make(map[string]session.Session)
		for _, one := range got {
			found[one.Key] = one
		}
		wanted := make(map[string]session.Session)
		for _, one := range want {
			wanted[one.Key] = one
		}
		same(t, "sessions by key", found, wanted)
		for _, key := range []string{"good", "revoked", "expired", "expires"} {
			_, _, err := s.Sessions.Session(t.Context(), hashOf(key), now)
			if _, ok := wanted[key]; !ok {
				isFault(t, err, fault.NotFound)
			} else if err != nil {
				t.Errorf("session of key %s: %v", key, err)
			}
		}
	}
	there(noon, byLink, good, revoked, expires)
	if _, err := s.Accounts.RevokeKey(t.Context(), "revoked", noon); err != nil {
		t.Fatal(err)
	}
	there(noon, byLink, good, expires)
	there(noon.Add(1), byLink, good)
}

func forget(t *testing.T, s SessionStores) {
	acme := addAccount(t, s.Accounts, "acme")
	s.addLink(t, acme.ID, "old", noon)
	s.addLink(t, acme.ID, "new", noon.Add(1))
	s.addSession(t, acme.ID, "stale", noon.Add(4))
	fresh := s.addSession(t, acme.ID, "fresh", noon.Add(5))
	if err := s.Sessions.Forget(t.Context(), noon.Add(1), noon.Add(5)); err != nil {
		t.Fatal(err)
	}
	same(t, "sessions", s.list(t, acme.ID), []session.Session{fresh})
	// Before either expired.
	_, err := s.Sessions.Link(t.Context(), hashOf("old"), noon.Add(-1))
	isFault(t, err, fault.NotFound)
	if _, err := s.Sessions.Link(t.Context(), hashOf("new"), noon.Add(-1)); err != nil {
		t.Errorf("a link that is good was forgotten: %v", err)
	}
}
