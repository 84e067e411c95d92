package web_test

import (
	"log/slog"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestRequestsPage tells what was refused and why, by day, also after a restart.
func TestRequestsPage(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	opts := servertest.Options{Dashboard: true, Path: servertest.NewDatabase(t), Clock: clock, Log: slog.DiscardHandler}
	s := servertest.Start(t, opts)
	c := s.Account("demo")
	c.Total()
	c.Get(c.Path("/contacts/0")).Fault(t, 404)
	clock.Add(24 * time.Hour)
	c.List("limit=x").Fault(t, 400)
	c.List("limit=0").Fault(t, 400)
	c.Get(c.Path("/lists/0")).Fault(t, 404)
	check := func(s *servertest.Server) {
		t.Helper()
		b := s.SignedIn("demo")
		page := b.Open("/requests").PageText(t, 200)
		reads(t, page, "in the last 14 days", "Succeeded 1", "Refused (4xx) 4", "Failed (5xx) 0", "2 Mar 0 3 0", "1 Mar 1 1 0",
			"A value was none that the field or the query takes. The answer names it and says why: most often it is a number that cannot be one. 1002 2",
			"1000 2")
		page = b.Open("/requests?day=2026-03-01").PageText(t, 200)
		reads(t, page, "Requests on 1 March 2026", "Succeeded 1", "Refused (4xx) 1", "1000 1")
		if b.Open("/requests?day=2026-02-20").PageText(t, 200) == "" {
			t.Error("a day without requests has no page")
		}
		b.Open("/requests?day=2020-01-01").Redirect(t, "/requests")
		b.Open("/requests?day=x").PageText(t, 400)
		has(t, b.Open("/").PageText(t, 200), `href="/requests?day=2026-03-02"`, `href="/requests?day=2026-03-01"`)
	}
	check(s)
	s.Stop()
	check(servertest.Start(t, opts))
}
