package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"callbook/internal/test/pgtest"
)

// TestFailover kills the primary under load and promotes its synchronous
// standby, and then restarts that. The servers go on by themselves, and what
// they had acknowledged is there, once.
func TestFailover(t *testing.T) {
	t.Parallel()
	pair := pgtest.NewPair(t)
	db := pair.URL()
	auth := newShareable(t, db)
	one, two := startServer(t, db), startServer(t, db)
	checkUnconfirmed(t, pair, newClient(t, one, auth))
	w := newWorkload(t, auth, chaosSeed(t), one, two)
	w.begin(6, 2)
	w.progress(100)

	killed := time.Now()
	pair.Primary.Kill()
	for _, s := range []*server{one, two} {
		awaitOutage(t, s, auth)
	}
	promoted := time.Now()
	pair.Promote()
	w.progress(1)
	t.Logf("a request was answered %.1f s after the standby began to be promoted, %.1f s after the primary was killed",
		time.Since(promoted).Seconds(), time.Since(killed).Seconds())
	w.progress(100)
	for _, s := range []*server{one, two} {
		awaitReady(t, s)
	}

	pair.Standby.Stop()
	for _, s := range []*server{one, two} {
		awaitOutage(t, s, auth)
	}
	restarted := time.Now()
	pair.Standby.Start()
	w.progress(1)
	t.Logf("a request was answered %.1f s after the database was started again", time.Since(restarted).Seconds())
	w.progress(50)
	w.end()
	for _, s := range []*server{one, two} {
		awaitReady(t, s)
		for _, line := range []string{"the store does not answer", "the store answers again"} {
			const outages = 2
			logged := func() int { return strings.Count(s.stderr.String(), line) }
			// What is logged may come after the answer.
			if !waitFor(patience, func() bool { return logged() >= outages }) || logged() > outages {
				t.Errorf("the log has %q %d times in %d outages", line, logged(), outages)
			}
		}
	}
	if w.broken.Load()+w.refused.Load() == 0 {
		t.Error("no request met an outage: this test has tested nothing")
	}
	w.check()
}

// checkUnconfirmed commits while there is no standby: what is on the primary
// alone is not acknowledged, not even to who asks again.
func checkUnconfirmed(t *testing.T, pair *pgtest.Pair, c *client) {
	t.Helper()
	some := []contact{{Number: "+919800000001"}}
	ask := func() (got answer) {
		t.Helper()
		answered := make(chan struct{})
		var err error
		go func() {
			defer close(answered)
			got, err = c.keyed("unconfirmed", some)
		}()
		if !waitFor(patience, func() bool {
			pair.CancelCommits()
			select {
			case <-answered:
				return true
			default:
				return false
			}
		}) || err != nil {
			t.Fatalf("no answer (%v)", err)
		}
		return got
	}
	pair.Standby.Stop()
	for range 2 {
		if err := isUnavailable(ask()); err != nil {
			t.Error(err)
		}
	}
	pair.Standby.Start()
	got, err := c.keyed("unconfirmed", some)
	if err != nil {
		t.Fatal(err)
	}
	bulk, err := got.bulk(1)
	if err != nil || got.header.Get("Idempotency-Replayed") != "true" {
		t.Fatalf("got %s (%v)", got.body, err)
	}
	if got, err := c.call(http.MethodDelete, "/contacts/"+bulk.Response[0].Data.SID, nil); err != nil || got.status != http.StatusOK {
		t.Fatalf("got %d %s (%v)", got.status, got.body, err)
	}
}

// awaitOutage waits until a server says that its database is away, in each of
// its ways, and sees that it says nothing worse.
func awaitOutage(t *testing.T, s *server, auth credentials) {
	t.Helper()
	c := newClient(t, s, auth)
	var got answer
	var err error
	if !waitFor(patience, func() bool {
		got, err = c.call(http.MethodGet, "/contacts?limit=1", nil)
		return err != nil || got.status != http.StatusOK
	}) {
		t.Fatal("the server works on without a database")
	}
	if err == nil {
		err = isUnavailable(got)
	}
	if err != nil {
		t.Error(err)
	}
	got, err = c.post([]contact{{Number: "+919800000000"}})
	if err == nil {
		err = isUnavailable(got)
	}
	if err != nil {
		t.Error(err)
	}
	for range 3 {
		if got := get(t, s.URL+"/readyz"); got.status != http.StatusServiceUnavailable {
			t.Errorf("/readyz: got %d, want 503", got.status)
		}
	}
	if got := get(t, s.URL+"/healthz"); got.status != http.StatusOK {
		t.Errorf("/healthz: got %d, want 200", got.status)
	}
}

func awaitReady(t *testing.T, s *server) {
	t.Helper()
	if !waitFor(patience, func() bool { return get(t, s.URL+"/readyz").status == http.StatusOK }) {
		t.Error("/readyz does not say that the server is ready")
	}
}
