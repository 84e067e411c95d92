package api_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/app"
	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestDisabledAccount refuses everything to an account while it is disabled.
func TestDisabledAccount(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(goldenTime)
	s := servertest.Start(t, servertest.Options{Clock: clock, Dashboard: true})
	c, other := s.Account("demo"), s.Account("other")
	person := c.CreateOne(`{"number":"+919876543210"}`)
	b, link := s.SignedIn("demo"), s.Link("demo")
	b.Open("/contacts").PageText(t, 200)

	if _, err := s.Directory.Disable(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	for _, a := range []servertest.Answer{
		c.Get(c.Path("/contacts")), c.Post(servertest.Contacts(people(0, 1)...)), c.Get(c.Path("/nothing")),
	} {
		if fault := a.Fault(t, 403); fault.Code != 1003 || fault.Message != "Authorization failed" || fault.Description != "The account is disabled" {
			t.Errorf("a good key: got %+v", fault)
		}
	}
	// Who does not have the token learns nothing.
	if fault := c.As(c.Key, "wrong").Get(c.Path("/contacts")).Fault(t, 401); fault.Code != 1010 {
		t.Errorf("a wrong token: got %+v", fault)
	}
	if a := b.Open("/contacts"); a.Status != 303 {
		t.Errorf("a session goes on: %d", a.Status)
	}
	if a := s.Browser().Submit(link, nil); a.Status < 400 {
		t.Errorf("a link signs in: %d", a.Status)
	}
	has := s.Browser().Submit("/signin", url.Values{"key": {c.Key}, "token": {c.Token}})
	if text := has.PageText(t, 422); !strings.Contains(text, "The account is disabled.") {
		t.Errorf("the page to sign in says %s", text)
	}
	if _, err := s.Sessions.NewLink(t.Context(), accountOf(t, s, "demo")); err != account.ErrDisabled {
		t.Errorf("a new link: %v", err)
	}
	if a := other.Get(other.Path("/contacts")); a.Status != 200 {
		t.Errorf("another account gets %d", a.Status)
	}

	if _, err := s.Directory.Enable(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	if got := c.Get(c.Path("/contacts/" + person.SID)).Contact(t); got.Number != person.Number {
		t.Errorf("enabled again, the contact is %+v", got)
	}
	if a := b.Open("/contacts"); a.Status != 303 {
		t.Errorf("an ended session is back: %d", a.Status)
	}
	s.SignedIn("demo").Open("/contacts").PageText(t, 200)
}

func accountOf(t *testing.T, s *servertest.Server, sid string) account.Account {
	t.Helper()
	a, err := s.Directory.Account(t.Context(), sid)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestDisabledCampaign stops the calls of an account in the middle of a campaign, and
// lets them go on.
func TestDisabledCampaign(t *testing.T) {
	t.Parallel()
	const most = 4000 // calls, at 200 a second
	s := servertest.Start(t, servertest.Options{Simulator: app.Simulator{Speed: 200}})
	c := s.Account("demo")
	made := c.NewCampaign(campaignWith("from", numbers(most)))
	placed := func() int {
		n, err := callsOf(t, s, "demo")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	await(t, "the first calls", func() bool { return placed() > 5 })
	if _, err := s.Directory.Disable(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	// A second to notice, and one more to see that it has.
	last, since := placed(), time.Now()
	await(t, "no more calls", func() bool {
		if n := placed(); n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) > 1500*time.Millisecond
	})
	if last >= most {
		t.Fatal("all calls were placed before the account was disabled")
	}
	if _, err := s.Directory.Enable(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	await(t, "calls go on", func() bool { return placed() > last })
	if got := c.GetCampaign(made.ID); got.Status != "InProgress" && got.Status != "Completed" {
		t.Errorf("the campaign is %s", got.Status)
	}
}

// callsOf returns how many calls an account has.
func callsOf(t *testing.T, s *servertest.Server, sid string) (calls int, err error) {
	has, _, err := s.Directory.Contents(t.Context(), accountOf(t, s, sid))
	for _, content := range has {
		if content.Name == "calls" {
			calls = int(content.Rows)
		}
	}
	return calls, err
}
