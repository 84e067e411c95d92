package event_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/clock"
	"callbook/internal/clock/clocktest"
	"callbook/internal/event"
	"callbook/internal/store"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/test/pgtest"
	"callbook/internal/work"
)

// bench is a database with an account and a campaign, whose events a test stores.
type bench struct {
	t        testing.TB
	stores   *store.Set
	account  account.Account
	campaign addressbook.SID
	clock    *clocktest.Clock
	// transport stands for the network, if it is set.
	transport http.RoundTripper
}

// newBench opens a database of the engine that CALLBOOK_TEST_DB names.
func newBench(t testing.TB) *bench {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	var stores *store.Set
	var err error
	if os.Getenv("CALLBOOK_TEST_DB") == "postgres" {
		stores, err = postgres.OpenStores(t.Context(), pgtest.Database(t, postgres.Migrate), true, log)
	} else {
		stores, err = sqlite.OpenStores(t.Context(), filepath.Join(t.TempDir(), "callbook.db"), sqlite.Options{Log: log})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stores.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &bench{t: t, stores: stores, clock: clocktest.New(time.Now())}
	b.account = b.newAccount("acme")
	b.campaign = b.newCampaign(b.account, 1)
	return b
}

func (b *bench) newAccount(sid string) account.Account {
	b.t.Helper()
	a, err := account.New(sid, "IN", "Asia/Kolkata")
	if err == nil {
		a.Created = b.clock.Now()
		a, err = b.stores.Accounts.CreateAccount(b.t.Context(), a)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

func (b *bench) newCampaign(a account.Account, n byte) addressbook.SID {
	b.t.Helper()
	now := b.clock.Now()
	c := &campaign.Campaign{SID: addressbook.FirstSID(now), Account: a.ID, State: campaign.Created, Created: now, Updated: now}
	c.SID[8], c.SID[15] = 0x80, n
	c.Name, c.CallerID, c.Text, c.SendAt, c.EndAt = "Rent", "08047000001", "Hello, hello", now, now.Add(time.Hour)
	err := b.stores.Campaigns.InsertCampaign(b.t.Context(), c, func(campaign.Running) error { return nil }, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return c.SID
}

// add stores events as the dialer does.
func (b *bench) add(events ...event.Event) {
	b.t.Helper()
	l := work.Lease{Server: "test", Until: b.clock.Now().Add(time.Hour)}
	if _, err := b.stores.Dialing.ClaimAccounts(b.t.Context(), l, b.clock.Now(), 10); err != nil {
		b.t.Fatal(err)
	}
	for i := range events {
		events[i].Created = b.clock.Now()
		if events[i].Account == account.None {
			events[i].Account, events[i].Campaign = b.account.ID, b.campaign
		}
	}
	err := b.stores.Dialing.ChangeOpen(b.t.Context(), l, events[0].Account, events[0].Campaign, func(*campaign.Campaign) []event.Event { return events })
	if err != nil {
		b.t.Fatal(err)
	}
}

// secret is what the events of these tests are signed with.
var secret = []byte("0123456789abcdef0123456789abcdef")

// run sends events until stop is called, or the test ends. The clock goes on by a second
// whenever nothing else happens.
func (b *bench) run(c clock.Clock, private bool) (stop func()) {
	d := event.New(b.stores.Events, event.Options{
		Log: slog.New(slog.DiscardHandler), Clock: c, Agent: "callbook/test", Private: private, Transport: b.transport,
		Secret: func(context.Context, account.ID) ([]byte, error) { return secret, nil },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); d.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	b.t.Cleanup(stop)
	return stop
}

// page returns the campaign's events.
func (b *bench) page() event.Page {
	b.t.Helper()
	page, err := b.stores.Events.Deliveries(b.t.Context(), b.account.ID, b.campaign, event.Query{Limit: 5000})
	if err != nil {
		b.t.Fatal(err)
	}
	return page
}

// counts returns how many events of the campaign there are.
func (b *bench) counts() event.Counts {
	b.t.Helper()
	page, err := b.stores.Events.Deliveries(b.t.Context(), b.account.ID, b.campaign, event.Query{Limit: 1})
	if err != nil {
		b.t.Fatal(err)
	}
	return page.Counts
}

// until sets the clock forward by steps until a condition holds. While events are delivered
// or given up the clock stands, however long a busy machine takes for that. The longer it
// takes, the more time there is between two steps, so that leases do not end before a try does.
func (b *bench) until(what string, step time.Duration, holds func() bool) {
	b.t.Helper()
	const limit = 10 * time.Minute
	before := event.Counts{}
	for begun := time.Now(); !holds(); {
		waited := time.Since(begun)
		if waited > limit {
			b.t.Fatalf("waited too long until %s: %+v", what, b.counts())
		}
		<-time.After(max(5*time.Millisecond, waited/100)) // between two looks
		if now := b.counts(); now != before {
			before = now
		} else {
			b.clock.Add(step)
		}
	}
}

// receiver is a program that gets events.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	answer func(n int, body string) int // the status of the n-th request, from 1 on; nil means 200
}

func newReceiver(t testing.TB, answer func(n int, body string) int) *receiver {
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.bodies = append(r.bodies, string(body))
		n := len(r.bodies)
		r.mu.Unlock()
		if r.answer == nil {
			return
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(r.answer(n, string(body)))
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.bodies)
}

// events returns an event for each body, "position" or "position more".
func events(url string, bodies ...string) (all []event.Event) {
	for _, body := range bodies {
		e := event.Event{Kind: event.CallSchedule, URL: url, Body: []byte(body)}
		if _, err := fmt.Sscan(body, &e.Position); err != nil {
			panic(err)
		}
		all = append(all, e)
	}
	return all
}

// TestRequest looks at a request: its headers are the contract's and those of Standard
// Webhooks.
func TestRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	requests := make(chan *http.Request, 1)
	r := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { requests <- req.Clone(context.Background()) }))
	defer r.Close()
	b.add(events(r.URL+"/path?token=1", "1")...)
	b.run(clock.System, true)
	req := <-requests
	id := b.page().Deliveries[0].Name().String()
	h := req.Header
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "callbook/test", "X-Callbook-Event-Id": id, "Webhook-Id": id, "Idempotency-Key": "",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	mac := hmac.New(sha256.New, secret)
	io.WriteString(mac, id+"."+h.Get("Webhook-Timestamp")+".1")
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); h.Get("Webhook-Signature") != want {
		t.Errorf("the signature is %q, want %q", h.Get("Webhook-Signature"), want)
	}
	if req.Method != http.MethodPost || req.URL.String() != "/path?token=1" {
		t.Errorf("the request is %s %s", req.Method, req.URL)
	}
}

// TestOrder: the events of a target come in order though tries fail, the last one of the
// campaign at the end, and each is delivered once while nothing breaks.
func TestOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	another := newReceiver(t, nil)
	r := newReceiver(t, func(n int, _ string) int {
		if n%3 == 0 {
			return http.StatusServiceUnavailable
		}
		return http.StatusNoContent
	})
	var all []event.Event
	for i := range 40 {
		all = append(all, events(r.URL, fmt.Sprintf("%d a", i), fmt.Sprintf("%d b", i))...)
		all = append(all, events(another.URL, fmt.Sprintf("%d c", i))...)
		all = append(all, events(r.URL, fmt.Sprintf("%d d", i))...)
	}
	last := events(another.URL, "-1 last")
	last[0].Last = true
	b.add(append(all, last...)...)
	b.run(b.clock, true)
	b.until("all are delivered", time.Second, func() bool { return b.counts().Delivered == len(all)+1 })
	first := make(map[string]time.Time)
	for _, d := range b.page().Deliveries {
		first[string(d.Body)] = d.Ended
	}
	for i := range 40 {
		for j, word := range []string{"b", "c", "d"} {
			before := []string{"a", "b", "c"}[j]
			if a, b := first[fmt.Sprintf("%d %s", i, before)], first[fmt.Sprintf("%d %s", i, word)]; b.Before(a) {
				t.Errorf("target %d: %s was delivered at %v, before %s at %v", i, word, b, before, a)
			}
		}
	}
	got := another.got()
	if got[len(got)-1] != "-1 last" || len(got) != 41 {
		t.Errorf("the last of %d is %q", len(got), got[len(got)-1])
	}
}

// TestLast: the last event of a campaign follows its events at other receivers, also when
// the start of the campaign waits in the same lane.
func TestLast(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var refused atomic.Int64
	slow := newReceiver(t, func(n int, _ string) int {
		if n <= 3 {
			refused.Add(1)
			return http.StatusServiceUnavailable
		}
		return http.StatusNoContent
	})
	campaign := newReceiver(t, nil)
	last := events(campaign.URL, "-1 last")
	last[0].Last = true
	b.add(slices.Concat(events(campaign.URL, "-1 start"), events(slow.URL, "1 call"), last)...)
	b.run(b.clock, true)
	b.until("a call is refused again", time.Second, func() bool { return refused.Load() == 3 })
	if got := campaign.got(); !slices.Equal(got, []string{"-1 start"}) {
		t.Errorf("before a call is told, the campaign's receiver has got %q", got)
	}
	b.until("all are delivered", time.Second, func() bool { return b.counts().Delivered == 3 })
	if got := campaign.got(); !slices.Equal(got, []string{"-1 start", "-1 last"}) {
		t.Errorf("the campaign's receiver has got %q", got)
	}
}

// TestAnswers: what is no 2xx is tried again, with a reason that says why.
func TestAnswers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	moved := newReceiver(t, func(int, string) int { return http.StatusFound })
	refusing := newReceiver(t, func(int, string) int { return http.StatusGone })
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	const gone = "http://127.0.0.1:1" // no test is given a port below 1024
	b.add(slices.Concat(
		events(moved.URL, "1"), events(refusing.URL, "2"), events(secure.URL, "3"), events(gone, "4"), events("http://nowhere.invalid", "5"))...)
	b.run(b.clock, true)
	tried := func() bool {
		for _, d := range b.page().Deliveries {
			if d.Tries < 3 {
				return false
			}
		}
		return true
	}
	b.until("all were tried", time.Second, tried)
	want := []event.Answer{
		{Status: http.StatusFound, Trouble: event.Redirected}, {Status: http.StatusGone, Trouble: event.Refused},
		{Trouble: event.Insecure}, {Trouble: event.Unreachable}, {Trouble: event.UnknownHost},
	}
	for i, d := range b.page().Deliveries {
		if d.State != event.Waiting || d.Answer != want[i] {
			t.Errorf("event %d is %v, %+v, want %+v", i+1, d.State, d.Answer, want[i])
		}
	}
	if n := len(refusing.got()); n < 3 || strings.Contains(strings.Join(moved.got(), ""), "elsewhere") {
		t.Errorf("%d requests came", n)
	}
	// After a day they are given up.
	b.until("all are given up", 10*time.Minute, func() bool { return b.counts().GivenUp == 5 })
	// And sent again when somebody asks.
	d := b.page().Deliveries[1]
	refusing.mu.Lock()
	refusing.answer = nil
	refusing.mu.Unlock()
	if _, err := event.NewDeliveries(b.stores.Events, b.clock, func() {}).SendAgain(t.Context(), b.account.ID, b.campaign, d.Name()); err != nil {
		t.Fatal(err)
	}
	b.until("it is delivered", time.Second, func() bool { return b.counts().Delivered == 1 })
}

// TestPrivate: nothing comes to a private address unless it may.
func TestPrivate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t, nil)
	_, port, _ := strings.Cut(strings.TrimPrefix(r.URL, "http://"), ":")
	b.add(slices.Concat(events(r.URL, "1"), events("http://localhost:"+port, "2"), events("http://[::ffff:127.0.0.1]:"+port, "3"))...)
	stop := b.run(b.clock, false)
	b.until("all were refused", time.Second, func() bool {
		return !slices.ContainsFunc(b.page().Deliveries, func(d event.Delivery) bool { return d.Answer.Trouble != event.PrivateAddress })
	})
	stop()
	if got := r.got(); len(got) != 0 {
		t.Errorf("there came %q", got)
	}
	b.run(b.clock, true)
	b.until("all are delivered", time.Second, func() bool { return b.counts().Delivered == 3 })
}

// TestSlow: a receiver that does not answer holds up no other, and is sent few requests
// at once.
func TestSlow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	release := make(chan struct{})
	slow := newReceiver(t, func(int, string) int { <-release; return http.StatusOK })
	fast := newReceiver(t, nil)
	var all []event.Event
	for i := range 100 {
		all = append(all, events(slow.URL, fmt.Sprint(i))...)
		all = append(all, events(fast.URL, fmt.Sprint(100+i))...)
	}
	b.add(all...)
	b.run(clock.System, true)
	b.until("the fast one has all", 0, func() bool { return b.counts().Delivered == 100 })
	if n := len(slow.got()); n == 0 || n > 16 {
		t.Errorf("the slow one got %d requests", n)
	}
	close(release)
	b.until("the slow one has all", 0, func() bool { return b.counts().Delivered == 200 })
}

// TestDead: a receiver that is down gets few requests, whatever waits for it, and all of
// that when it is up again. What waits for a day is given up.
func TestDead(t *testing.T) {
	t.Parallel()
	if os.Getenv("CALLBOOK_TEST_DB") == "postgres" {
		t.Skip("in a bubble, a server of PostgreSQL does not answer")
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		r := new(flaky)
		b.transport = r
		var all []event.Event
		for i := range 1200 {
			all = append(all, events("http://receiver.example/", fmt.Sprint(i))...)
		}
		b.add(all...)
		stop := b.run(clock.System, true)
		time.Sleep(time.Hour)
		if n := r.requests.Load(); n < 8 || n > 60 {
			t.Errorf("in an hour, a dead receiver got %d requests", n)
		}
		r.up.Store(true)
		time.Sleep(20 * time.Minute) // twice the longest pause
		if got := b.counts(); got.Delivered != len(all) {
			t.Errorf("after the receiver came back: %+v", got)
		}
		stop()
		r.up.Store(false)
		b.clock.Set(time.Now())
		b.add(all...)
		time.Sleep(23 * time.Hour)
		stop = b.run(clock.System, true)
		time.Sleep(50 * time.Minute)
		if got := b.counts(); got.Waiting != len(all) {
			t.Errorf("before a day is over: %+v", got)
		}
		time.Sleep(time.Hour)
		if got := b.counts(); got.GivenUp != len(all) || got.Delivered != len(all) {
			t.Errorf("after a day: %+v", got)
		}
		stop()
	})
}

// flaky stands for the network to a receiver that is down or up.
type flaky struct {
	up       atomic.Bool
	requests atomic.Int64
}

func (f *flaky) RoundTrip(req *http.Request) (*http.Response, error) {
	f.requests.Add(1)
	status := http.StatusBadGateway
	if f.up.Load() {
		status = http.StatusOK
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: req}, nil
}

// TestRestart: whatever ends a server, each event comes, and nothing else is lost.
func TestRestart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t, nil)
	var all []event.Event
	for i := range 500 {
		all = append(all, events(r.URL, fmt.Sprint(i))...)
	}
	b.add(all...)
	for len(r.got()) < 450 {
		stop := b.run(clock.System, true)
		before := len(r.got())
		b.until("some have come", 0, func() bool { return len(r.got()) > before+20 || b.counts().Waiting == 0 })
		stop()
		if b.counts().Waiting == 0 {
			break
		}
	}
	b.run(clock.System, true)
	b.until("all are delivered", 0, func() bool { return b.counts().Delivered == len(all) })
	seen := make(map[string]bool)
	for _, body := range r.got() {
		seen[body] = true
	}
	if len(seen) != len(all) {
		t.Errorf("%d of %d events have come", len(seen), len(all))
	}
}
