package web_test

import (
	"context"
	"encoding/base64"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/test/servertest"
)

// keysAway is a store of accounts that has no keys for a while.
type keysAway struct {
	account.Store
	away atomic.Bool
}

func (k *keysAway) Credentials(ctx context.Context, id string) (account.Credentials, error) {
	if k.away.Load() {
		return account.Credentials{}, fault.New(fault.Unavailable, "The database is away")
	}
	return k.Store.Credentials(ctx, id)
}

// TestTokenOutlivesAnError: a page that could not be made has not shown the token of a new
// key, so the next one does.
func TestTokenOutlivesAnError(t *testing.T) {
	t.Parallel()
	store := new(keysAway)
	s := servertest.Start(t, servertest.Options{Dashboard: true, Accounts: func(real account.Store) account.Store {
		store.Store = real
		return store
	}})
	s.Account("demo")
	b := s.SignedIn("demo")
	made := b.Submit("/api/keys", url.Values{"name": {"sync"}})
	store.away.Store(true)
	b.Follow(made).PageText(t, 503)
	store.away.Store(false)
	if page := b.Follow(made).PageText(t, 200); !newCredentials.MatchString(page) {
		t.Error("the token is lost")
	}
}

// TestPlantedNotice: a notice that another host of the domain has planted as a cookie has
// no button that does something else than to undo.
func TestPlantedNotice(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	for _, action := range []string{"/sessions/end-others", "https://evil.example/undo", "//evil.example/undo"} {
		planted := base64.RawURLEncoding.EncodeToString([]byte(`{"k":"good","t":"Press this","u":"` + action + `","n":"x"}`))
		page := b.Do("GET", "/lists", nil, "Cookie", "callbook="+b.Cookie("callbook")+"; callbook_notice="+planted).PageText(t, 200)
		has(t, page, "Press this")
		if strings.Contains(page, `action="`+action+`"`) {
			t.Errorf("the page has a button for %s", action)
		}
	}
}

// TestLongAddress: whatever a form says, it leads to an address that a browser can ask
// for.
func TestLongAddress(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	list := c.CreateList("Diwali").SID
	long := strings.Repeat("ü", 10_000)
	s.SignedIn("demo").Submit("/lists/"+list+"/remove", url.Values{"all": {"1"}, "q": {long}}).Redirect(t, "/lists/"+list)
	s.Browser().Open("/contacts?q="+url.QueryEscape(long)).Redirect(t, "/signin")
}
