package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clientaddr"
	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestDeadLinksCount: links that lead nowhere count as wrong keys do, whether they
// are looked at or followed.
func TestDeadLinksCount(t *testing.T) {
	t.Parallel()
	s, clock := serve(t)
	c := s.Account("demo")
	b := s.Browser()
	link := s.Link("demo")
	for i := range 5 {
		dead := fmt.Sprintf("/signin/link/%064d", i)
		b.Open(link).PageText(t, 200) // a good one counts for nothing
		b.Open(dead).PageText(t, 404)
		b.Submit(dead, nil).PageText(t, 404)
	}
	for name, a := range map[string]servertest.Answer{
		"a dead link":          b.Open("/signin/link/x"),
		"a dead link followed": b.Submit("/signin/link/x", nil),
		"a good link":          b.Submit(link, nil),
		"a good key":           b.Submit("/signin", url.Values{"key": {c.Key}, "token": {c.Token}}),
	} {
		if a.PageText(t, http.StatusTooManyRequests); a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", name)
		}
	}
	clock.Add(6 * time.Second)
	b.Submit(link, nil).Redirect(t, "/") // it was not used up
}

// waiting is a store that lets nobody through until it is told to.
type waiting struct {
	account.Store
	asked   atomic.Int64
	arrived chan struct{}
	release chan struct{}
}

func (w *waiting) hold() {
	w.asked.Add(1)
	w.arrived <- struct{}{}
	<-w.release
}

func (w *waiting) Credentials(ctx context.Context, key string) (account.Credentials, error) {
	w.hold()
	return w.Store.Credentials(ctx, key)
}

// TestGuessesAtOnce: 100 guesses at once get no further than 100 one after the
// other.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	w := &waiting{arrived: make(chan struct{}, 200), release: make(chan struct{})}
	s := servertest.Start(t, servertest.Options{
		Dashboard: true,
		Clock:     clocktest.New(start), // no token comes back
		Accounts:  func(real account.Store) account.Store { w.Store = real; return w },
	})
	statuses := make(map[int]int)
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			form := url.Values{"key": {fmt.Sprintf("%032d", i)}, "token": {"x"}}
			req, err := http.NewRequest("POST", s.URL+"/signin", strings.NewReader(form.Encode()))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Accept", "text/html")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			statuses[resp.StatusCode]++
		})
	}
	for range 10 {
		<-w.arrived
	}
	close(w.release)
	all.Wait()
	if w.asked.Load() != 10 || statuses[422] != 10 || statuses[429] != 90 {
		t.Errorf("the store was asked %d times, and the answers are %v", w.asked.Load(), statuses)
	}
}

// TestClientsBehindProxy: behind a trusted proxy each client counts for itself,
// and nobody else's word on addresses counts.
func TestClientsBehindProxy(t *testing.T) {
	t.Parallel()
	for name, trusted := range map[string]bool{"trusted": true, "unknown": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := servertest.Options{Dashboard: true, Clock: clocktest.New(start)}
			if trusted {
				opts.Proxies = clientaddr.Proxies{netip.MustParsePrefix("127.0.0.0/8")}
			}
			s := servertest.Start(t, opts)
			s.Account("demo")
			try := func(client string) int {
				return s.Browser().Do("GET", "/signin/link/x", nil, "X-Forwarded-For", client).Status
			}
			for i := range 10 {
				// What a client puts in front changes nothing.
				if got := try(fmt.Sprintf("203.0.113.%d, 192.0.2.1", i)); got != 404 {
					t.Fatalf("try %d: got %d", i, got)
				}
			}
			if got := try("192.0.2.1"); got != 429 {
				t.Errorf("an address that has failed too often: got %d", got)
			}
			want := map[bool]int{true: 404, false: 429}[trusted]
			if got := try("192.0.2.2"); got != want {
				t.Errorf("its neighbour: got %d, want %d", got, want)
			}
		})
	}
}
