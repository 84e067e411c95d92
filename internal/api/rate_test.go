package api_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// setRate limits the requests a minute of an account; 0 is no limit.
func setRate(t *testing.T, s *servertest.Server, sid string, requests int) {
	t.Helper()
	if _, err := s.Directory.Change(t.Context(), sid, func(a *account.Account) { a.RequestsAMinute = requests }); err != nil {
		t.Fatal(err)
	}
}

// rateOf returns the headers of a limit, as "limit remaining reset".
func rateOf(a servertest.Answer) string {
	h := a.Header
	return h.Get("X-RateLimit-Limit") + " " + h.Get("X-RateLimit-Remaining") + " " + h.Get("X-RateLimit-Reset")
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	const second = 1_753_000_000
	clock := clocktest.New(time.Unix(second, 250_000_000))
	s := servertest.Start(t, servertest.Options{Clock: clock, Dashboard: true})
	c, other := s.Account("demo"), s.Account("other")
	get := func() servertest.Answer { return c.Get(c.Path("/contacts")) }
	if got := rateOf(get()); got != "  " {
		t.Errorf("without a limit there are headers: %q", got)
	}
	setRate(t, s, "demo", 6)
	const reset = " 1753000061" // rounded up
	for i, request := range []func() servertest.Answer{
		get,
		func() servertest.Answer { return c.Post(servertest.Contacts(people(0, 1)...)) },
		func() servertest.Answer { return c.Post("{") },
		func() servertest.Answer { return c.Get(c.Path("/nothing")) },
		func() servertest.Answer { return c.Do("BREW", c.Path("/contacts"), nil) },
		func() servertest.Answer { return c.Get(c.Path("/campaigns")) },
	} {
		// These are not the account's own.
		for _, a := range []servertest.Answer{c.As(c.Key, "wrong").Get(c.Path("/contacts")), other.Get(c.Path("/contacts")), other.Get(other.Path("/contacts"))} {
			if got := rateOf(a); got != "  " {
				t.Errorf("an answer to somebody else (%d) has the headers %q", a.Status, got)
			}
		}
		if a := request(); a.Status == 429 || rateOf(a) != "6 "+strconv.Itoa(5-i)+reset {
			t.Errorf("request %d: got %d with %q", i, a.Status, rateOf(a))
		}
	}
	refused := c.Post(servertest.Contacts(people(1, 1)...))
	if fault := refused.Fault(t, 429); fault.Code != 1429 || fault.Message != "Too Many Requests" || fault.Description != "Your account may send 6 requests a minute" {
		t.Errorf("over the limit: got %+v", fault)
	}
	if refused.Header.Get("Retry-After") != "60" || rateOf(refused) != "6 0"+reset {
		t.Errorf("over the limit: Retry-After is %q, and the others are %q", refused.Header.Get("Retry-After"), rateOf(refused))
	}
	campaignFault(t, c.Get(c.Path("/campaigns")), 429)
	if a := s.SignedIn("demo").Open("/contacts"); a.Status != 200 || rateOf(a) != "  " {
		t.Errorf("the dashboard is limited: %d, %q", a.Status, rateOf(a))
	}
	if a := other.Get(other.Path("/contacts")); a.Status != 200 {
		t.Errorf("another account gets %d", a.Status)
	}

	// A minute after the first request the account goes on, whatever it has sent since.
	clock.Add(time.Minute - time.Millisecond)
	if a := get(); a.Status != 429 || a.Header.Get("Retry-After") != "1" {
		t.Errorf("a moment before the end: %d, Retry-After %q", a.Status, a.Header.Get("Retry-After"))
	}
	clock.Add(time.Millisecond)
	if a := get(); a.Status != 200 || rateOf(a) != "6 5 1753000121" {
		t.Errorf("a minute later: %d, %q", a.Status, rateOf(a))
	}
	if n := c.Total(); n != 1 { // the fifth
		t.Errorf("there are %d contacts: a refused request was done", n)
	}

	// Another limit counts what was sent already.
	for _, tt := range []struct {
		limit, status int
		rate          string
	}{{8, 200, "8 5 1753000121"}, {2, 429, "2 0 1753000121"}, {0, 200, "  "}, {4, 200, "4 0 1753000121"}} {
		setRate(t, s, "demo", tt.limit)
		if a := get(); a.Status != tt.status || rateOf(a) != tt.rate {
			t.Errorf("with a limit of %d: got %d, %q", tt.limit, a.Status, rateOf(a))
		}
	}
}

// TestRateLimitAtOnce lets exactly as many requests in as the limit says.
func TestRateLimitAtOnce(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	setRate(t, s, "demo", 25)
	var in, out atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				if c.Get(c.Path("/lists")).Status == 200 {
					in.Add(1)
				} else {
					out.Add(1)
				}
			}
		})
	}
	all.Wait()
	if in.Load() != 25 || out.Load() != 15 {
		t.Errorf("%d requests came in, %d did not, want 25 and 15", in.Load(), out.Load())
	}
}
