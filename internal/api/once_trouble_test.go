package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
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

// inserts is a store of contacts with something before its inserts, and
// something before their answers.
type inserts struct {
	addressbook.Store
	before  func(ctx context.Context) error
	decided func(ctx context.Context)
	healed  atomic.Bool // nothing is before them any more
}

func (s *inserts) InsertContacts(ctx context.Context, account account.ID, contacts []addressbook.Contact, opts addressbook.CreateOptions, decided journal.Ready[[]*addressbook.Contact]) error {
	if s.before != nil && !s.healed.Load() {
		if err := s.before(ctx); err != nil {
			return err
		}
	}
	return s.Store.InsertContacts(ctx, account, contacts, opts, func(existing []*addressbook.Contact) *journal.Receipt {
		if s.decided != nil && !s.healed.Load() {
			s.decided(ctx)
		}
		return decided(existing)
	})
}

func (s *inserts) over(store addressbook.Store) addressbook.Store {
	s.Store = store
	return s
}

// twoContacts is what the tests create under a key.
var twoContacts = servertest.Contacts(`{"number":"+919876543210"}`, `{"number":"+919876543211"}`)

// TestGoldenKeys has the answers that only requests with a key get: one comes
// while the first is running, and one is another request.
func TestGoldenKeys(t *testing.T) {
	t.Parallel()
	running, goOn := make(chan struct{}), make(chan struct{})
	var begun atomic.Bool
	hook := &inserts{before: func(context.Context) error {
		if begun.CompareAndSwap(false, true) {
			close(running)
			<-goOn
		}
		return nil
	}}
	c := servertest.Start(t, servertest.Options{Clock: clocktest.New(goldenTime), Contacts: hook.over}).Account("demo").Under("a-key")
	first := make(chan servertest.Answer, 1)
	go func() {
		a, err := c.Try("POST", c.Path("/contacts"), strings.NewReader(twoContacts))
		if err != nil {
			t.Error(err)
		}
		first <- a
	}()
	<-running
	for _, body := range []string{twoContacts, "{}", strings.Repeat(" ", 1<<20)} {
		early := c.Post(body)
		golden(t, "error_key_running", early)
		if after := early.Header.Get("Retry-After"); early.Status != http.StatusConflict || after != "1" {
			t.Errorf("got %d, Retry-After %q", early.Status, after)
		}
	}
	if a := c.Under("another-key").Post(servertest.Contacts(captain)); a.Status != http.StatusMultiStatus {
		t.Errorf("another key got %d %s", a.Status, a.Body)
	}
	close(goOn)
	done := <-first
	again := c.Post(twoContacts)
	isReplay(t, again, done)
	golden(t, "replay", again)
	golden(t, "error_key_reused", c.Post(twoContacts+" "))
}

// TestSameRequestAtOnce sends one request many times at once, and again: it is
// done once.
func TestSameRequestAtOnce(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	for round := range 10 {
		keyed := c.Under(fmt.Sprint("key-", round))
		body := fmt.Sprintf(`{"lists":[{"name":"list %d"}]}`, round)
		var mu sync.Mutex
		var bodies [][]byte
		var done atomic.Int32
		var clients sync.WaitGroup
		start := make(chan struct{})
		for range 16 {
			clients.Go(func() {
				<-start
				for {
					a, err := keyed.Try("POST", keyed.Path("/lists"), strings.NewReader(body))
					if err == nil && a.Status == http.StatusConflict {
						if got := a.Fault(t, http.StatusConflict); got.Code != 1409 {
							t.Errorf("got %+v", got)
						}
						continue
					}
					if err != nil || a.Status != http.StatusMultiStatus {
						t.Errorf("got %d %s, %v", a.Status, a.Body, err)
						return
					}
					if a.Header.Get("Idempotency-Replayed") == "" {
						done.Add(1)
					}
					mu.Lock()
					bodies = append(bodies, a.Body)
					mu.Unlock()
					return
				}
			})
		}
		close(start)
		clients.Wait()
		if n := done.Load(); n != 1 {
			t.Errorf("the request was done %d times", n)
		}
		for _, b := range bodies {
			if !bytes.Equal(b, bodies[0]) {
				t.Errorf("answers are %s and %s", b, bodies[0])
			}
		}
	}
}

// TestFailedRequestIsDoneAgain: what failed on the server's side is not kept,
// and whatever ended the first request, the key is free.
func TestFailedRequestIsDoneAgain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		hook   *inserts
		status int
	}{
		"an error": {&inserts{before: func(context.Context) error { return errors.New("trouble") }}, 500},
		"an unavailable store": {&inserts{before: func(context.Context) error {
			return fault.New(fault.Unavailable, "later")
		}}, 503},
		"a panic before":             {&inserts{before: func(context.Context) error { panic("trouble") }}, 500},
		"a panic when it is decided": {&inserts{decided: func(context.Context) { panic("trouble") }}, 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := servertest.Start(t, servertest.Options{Contacts: tt.hook.over}).Account("demo").Under("a-key")
			for range 2 {
				if a := c.Post(twoContacts); a.Status != tt.status {
					t.Fatalf("got %d %s", a.Status, a.Body)
				}
			}
			tt.hook.healed.Store(true)
			if n := c.Total(); n != 0 {
				t.Errorf("there are %d contacts", n)
			}
			done := c.Post(twoContacts)
			if done.Bulk(t).Metadata.Success != 2 || done.Header.Get("Idempotency-Replayed") != "" {
				t.Errorf("got %s", done.Body)
			}
			isReplay(t, c.Post(twoContacts), done)
		})
	}
}

// TestCutRequestIsDoneOnce cuts the connection before the answer comes: when nothing
// is done yet, and when all is decided. A retry finds the work done once.
func TestCutRequestIsDoneOnce(t *testing.T) {
	t.Parallel()
	for name, decided := range map[string]bool{"before it is done": false, "after it is decided": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reached := make(chan struct{})
			var begun atomic.Bool
			wait := func(ctx context.Context) {
				if begun.CompareAndSwap(false, true) {
					close(reached)
					<-ctx.Done()
				}
			}
			hook := &inserts{}
			if decided {
				hook.decided = wait
			} else {
				hook.before = func(ctx context.Context) error { wait(ctx); return ctx.Err() }
			}
			s := servertest.Start(t, servertest.Options{Contacts: hook.over})
			c := s.Account("demo")
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nIdempotency-Key: a-key\r\nContent-Length: %d\r\n\r\n%s",
				c.Path("/contacts"), c.Authorization(), len(twoContacts), twoContacts)
			<-reached
			conn.Close()

			keyed := c.Under("a-key")
			answer := keyed.Post(twoContacts)
			for deadline := time.Now().Add(3 * time.Minute); answer.Status == http.StatusConflict; runtime.Gosched() {
				if time.Now().After(deadline) {
					t.Fatal("the key does not become free")
				}
				answer = keyed.Post(twoContacts)
			}
			if n := answer.Bulk(t).Metadata.Success; n != 2 {
				t.Errorf("got %s", answer.Body)
			}
			if replayed := answer.Header.Get("Idempotency-Replayed") != ""; replayed != decided {
				t.Errorf("replayed: %t, want %t", replayed, decided)
			}
			if n := c.Total(); n != 2 {
				t.Errorf("there are %d contacts", n)
			}
		})
	}
}

// late is a store that does not see the first receipts, as when another server
// writes them in the moment after.
type late struct {
	journal.Store
	misses atomic.Int32 // left
}

func (l *late) Receipt(ctx context.Context, account account.ID, key string) (journal.Receipt, error) {
	if l.misses.Add(-1) >= 0 {
		return journal.Receipt{}, fault.New(fault.NotFound, "not yet")
	}
	return l.Store.Receipt(ctx, account, key)
}

// TestOvertaken has two servers do one request: the second finds out when it
// commits, and answers what the first did.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	store := &late{}
	s := servertest.Start(t, servertest.Options{Receipts: func(s journal.Store) journal.Store {
		store.Store = s
		return store
	}})
	for i, tt := range []struct{ method, path, body, other string }{
		{"POST", "/contacts", twoContacts, servertest.Contacts(captain)},
		{"POST", "/lists", `{"lists":[{"name":"a"}]}`, `{"lists":[{"name":"b"}]}`},
		{"POST", "/lists", `{"lists":[]}`, `{"lists":{}}`}, // kept by itself, out of no transaction
	} {
		c := s.Account(fmt.Sprint("account", i)).Under("a-key")
		first := c.Send(tt.method, tt.path, tt.body)
		after := everything(t, c)
		store.misses.Store(1)
		isReplay(t, c.Send(tt.method, tt.path, tt.body), first)
		store.misses.Store(1)
		if got := c.Send(tt.method, tt.path, tt.other).Fault(t, http.StatusUnprocessableEntity); got.Code != 1422 {
			t.Errorf("%s: got %+v", tt.other, got)
		}
		if now := everything(t, c); now != after {
			t.Errorf("something was done:\n%s\nit was\n%s", now, after)
		}
		store.misses.Store(0)
	}
}

// TestLookupFails: a request whose key cannot be looked up is not done.
func TestLookupFails(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Receipts: func(s journal.Store) journal.Store { return broken{s} }})
	c := s.Account("demo")
	if a := c.Under("a-key").Post(twoContacts); a.Status != http.StatusInternalServerError {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	if n := c.Total(); n != 0 {
		t.Errorf("there are %d contacts", n)
	}
}

// broken is a store whose receipts cannot be read.
type broken struct{ journal.Store }

func (broken) Receipt(context.Context, account.ID, string) (journal.Receipt, error) {
	return journal.Receipt{}, errors.New("trouble")
}
