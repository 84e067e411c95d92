package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/clock/clocktest"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/test/servertest"
)

// hooked is a store of contacts with something before its methods. A hook that
// returns nil lets the call through.
type hooked struct {
	addressbook.Store
	hook func(ctx context.Context) error
	// decided makes writes fail only when their results are known already.
	decided bool
}

func (h *hooked) InsertContacts(ctx context.Context, account account.ID, contacts []addressbook.Contact, opts addressbook.CreateOptions, decided journal.Ready[[]*addressbook.Contact]) error {
	if h.decided {
		decided(make([]*addressbook.Contact, len(contacts)))
	}
	if err := h.hook(ctx); err != nil {
		return err
	}
	return h.Store.InsertContacts(ctx, account, contacts, opts, decided)
}

func (h *hooked) Contact(ctx context.Context, account account.ID, sid addressbook.SID) (addressbook.Contact, error) {
	if err := h.hook(ctx); err != nil {
		return addressbook.Contact{}, err
	}
	return h.Store.Contact(ctx, account, sid)
}

func (h *hooked) Contacts(ctx context.Context, account account.ID, q addressbook.Query) (addressbook.Page, error) {
	if err := h.hook(ctx); err != nil {
		return addressbook.Page{}, err
	}
	return h.Store.Contacts(ctx, account, q)
}

func hook(f func(context.Context) error) func(addressbook.Store) addressbook.Store {
	return func(s addressbook.Store) addressbook.Store { return &hooked{Store: s, hook: f} }
}

const anySID = "/contacts/0198f2c4a1b27d3e9f405162738495a6"

// askAll asks once in every way that needs the store of contacts.
func askAll(c *servertest.Client) map[string]servertest.Answer {
	return map[string]servertest.Answer{
		"create": c.Post(`{"contacts":[{"number":"+919876543210","first_name":"Asha"}]}`),
		"read":   c.Get(c.Path(anySID)),
		"list":   c.List(""),
	}
}

// tellsNothing fails when an answer lets the inside of the server be seen.
func tellsNothing(t *testing.T, name string, body []byte) {
	t.Helper()
	lower := bytes.ToLower(body)
	for _, word := range []string{"secret", "sql", "panic", "goroutine", ".go:", "runtime", "internal/", "closed", "context"} {
		if bytes.Contains(lower, []byte(word)) {
			t.Errorf("%s: the answer says %q: %s", name, word, body)
		}
	}
}

func TestStoreTrouble(t *testing.T) {
	t.Parallel()
	secret := errors.New("SQL logic error: secret table")
	for name, tt := range map[string]struct {
		err        error
		status     int
		code       int
		retryAfter string
	}{
		"unknown":  {secret, 500, 1100, ""},
		"wrapped":  {fmt.Errorf("insert contacts: %w", secret), 500, 1100, ""},
		"away":     {&fault.Error{Kind: fault.Unavailable, Detail: "The store does not answer", RetryAfter: 5 * time.Second, Cause: secret}, 503, 1503, "5"},
		"a moment": {&fault.Error{Kind: fault.Unavailable, Detail: "Not now", RetryAfter: time.Millisecond, Cause: secret}, 503, 1503, "1"},
		"too slow": {fmt.Errorf("list contacts: %w", context.DeadlineExceeded), 503, 1503, "1"},
		"given up": {fmt.Errorf("list contacts: %w", context.Canceled), 503, 1503, "1"},
	} {
		for _, decided := range []bool{false, true} {
			log := &records{}
			s := servertest.Start(t, servertest.Options{Log: log.handler(), Contacts: func(store addressbook.Store) addressbook.Store {
				return &hooked{Store: store, decided: decided, hook: func(context.Context) error { return tt.err }}
			}})
			for how, a := range askAll(s.Account("demo")) {
				if got := a.Fault(t, tt.status); got.Code != tt.code {
					t.Errorf("%s, %s: got %+v", name, how, got)
				}
				if got := a.Header.Get("Retry-After"); got != tt.retryAfter {
					t.Errorf("%s, %s: Retry-After is %q", name, how, got)
				}
				tellsNothing(t, name, a.Body)
			}
			s.Stop()
			for _, rec := range log.requests(t) {
				// What was not kept is no success.
				if success, ok := rec["success"]; ok && success != 0.0 {
					t.Errorf("%s: logged as a success: %v", name, rec)
				}
				if errors.Is(tt.err, secret) && !strings.Contains(fmt.Sprint(rec["error"]), "secret") {
					t.Errorf("%s: the log does not tell the error: %v", name, rec)
				}
			}
		}
	}
}

// TestAccountTrouble: the store fails while the key is looked up.
func TestAccountTrouble(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Accounts: func(s account.Store) account.Store { return deafAccounts{s} }})
	for how, a := range askAll(s.Account("demo")) {
		if got := a.Fault(t, 500); got.Code != 1100 {
			t.Errorf("%s: got %+v", how, got)
		}
		tellsNothing(t, how, a.Body)
	}
}

type deafAccounts struct{ account.Store }

func (deafAccounts) Credentials(context.Context, string) (account.Credentials, error) {
	return account.Credentials{}, errors.New("SQL logic error: secret table")
}

// TestDatabaseGone takes the real database away.
func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Clock: clocktest.New(time.Now())})
	c := s.Account("demo")
	c.Total()
	if a := c.Get("/readyz"); a.Status != 200 {
		t.Errorf("ready: got %d", a.Status)
	}
	s.BreakDatabase()
	for how, a := range map[string]servertest.Answer{"read": c.Get(c.Path(anySID)), "list": c.List(""), "other key": c.As("x", "y").List("")} {
		if a.Status != 500 && a.Status != 503 {
			t.Errorf("%s: got %d", how, a.Status)
		}
		tellsNothing(t, how, a.Body)
	}
	if a := c.Get("/readyz"); a.Status != 503 {
		t.Errorf("ready: got %d", a.Status)
	}
	if a := c.Get("/healthz"); a.Status != 200 {
		t.Errorf("healthy: got %d", a.Status)
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	log := &records{}
	s := servertest.Start(t, servertest.Options{
		Log:      log.handler(),
		Contacts: hook(func(context.Context) error { panic("secret") }),
	})
	c := s.Account("demo")
	for how, a := range askAll(c) {
		if got := a.Fault(t, 500); got.Code != 1100 || got.Message != "Internal server error" {
			t.Errorf("%s: got %+v", how, got)
		}
		tellsNothing(t, how, a.Body)
	}
	s.Stop()
	for _, rec := range log.requests(t) {
		if text := fmt.Sprint(rec["error"]); !strings.Contains(text, "panic: a string") || strings.Contains(text, "secret") || !strings.Contains(text, "trouble_test.go") {
			t.Errorf("the log does not tell where it was: %v", rec)
		}
	}
}

// TestPanicBreaksOff: an answer that a panic ends does not look like a whole one.
func TestPanicBreaksOff(t *testing.T) {
	t.Parallel()
	log := &records{}
	s := servertest.Start(t, servertest.Options{Log: log.handler(), Contacts: func(store addressbook.Store) addressbook.Store {
		return secondPage{store}
	}})
	c := s.Account("demo")
	people := make([]string, 1001) // one more than an export reads at once
	for i := range people {
		people[i] = fmt.Sprintf(`{"number":"+9198765%05d"}`, i)
	}
	c.Create(people...)
	if a, err := c.Try("GET", c.Path("/contacts/export?format=ndjson"), nil, "Accept-Encoding", "identity"); err == nil {
		t.Errorf("got %d, %d bytes, and no error", a.Status, len(a.Body))
	}
	s.Stop()
	if text := log.String(); strings.Count(text, "panic: a string") != 1 {
		t.Errorf("the log does not tell of the panic once:\n%s", text)
	}
}

// secondPage is a store that panics when contacts behind others are asked for.
type secondPage struct{ addressbook.Store }

func (s secondPage) Contacts(ctx context.Context, account account.ID, q addressbook.Query) (addressbook.Page, error) {
	if q.After != nil {
		panic("secret")
	}
	return s.Store.Contacts(ctx, account, q)
}

// TestPanicFreesItsPlace: large requests that panic do not take away, for
// good, the places of later ones.
func TestPanicFreesItsPlace(t *testing.T) {
	t.Parallel()
	items := make([]string, 2000)
	for i := range items {
		items[i] = fmt.Sprintf(`{"number":"+9198765%05d","first_name":"Person %d"}`, i, i)
	}
	large := servertest.Contacts(items...)
	var panics atomic.Bool
	panics.Store(true)
	s := servertest.Start(t, servertest.Options{
		Contacts: hook(func(context.Context) error {
			if panics.Load() {
				panic("secret")
			}
			return nil
		}),
	})
	c := s.Account("demo")
	for range 4 * runtime.GOMAXPROCS(0) {
		if a := c.Post(large); a.Status != http.StatusInternalServerError {
			t.Fatalf("got %d: %.300s", a.Status, a.Body)
		}
	}
	panics.Store(false)
	if got := c.Post(large).Bulk(t).Metadata.Success; got != len(items) {
		t.Errorf("%d were created", got)
	}
}

// TestDeadline: a request that takes too long is answered.
func TestDeadline(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{
		RequestTimeout: 100 * time.Millisecond,
		Contacts: hook(func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}),
	})
	if got := s.Account("demo").List("").Fault(t, 503); got.Code != 1503 {
		t.Errorf("got %+v", got)
	}
}
