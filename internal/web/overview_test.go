package web_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

func TestEmptyOverview(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	page := s.SignedIn("demo").Open("/").PageText(t, 200)
	reads(t, page, "The address book is empty", "Add a contact", "Import a file", "No requests yet", "/v2/accounts/demo/contacts")
	for _, link := range []string{`href="/contacts/new"`, `href="/imports"`, `href="/api"`} {
		if !strings.Contains(page, link) {
			t.Errorf("there is no %s", link)
		}
	}
}

func TestOverview(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	s := servertest.Start(t, servertest.Options{Dashboard: true, Clock: clock})
	c := s.Account("demo")
	c.Create(`{"number":"+919876543210","tag":"Member"}`, `{"number":"+14155550123"}`)
	// Noon in UTC is half past five in Kolkata, so this one comes a day later.
	clock.Set(time.Date(2026, 2, 1, 19, 0, 0, 0, time.UTC))
	c.Create(fmt.Sprintf(`{"number":"+919876543211","tag":%q}`, hostile))
	c.CreateList("Leads")
	c.Await(c.Upload("Leads", "number\n+919876543210\nx\n"))
	c.Await(c.Upload("Leads", "number\n+919876543210\n", "dry_run", "true")) // which is no import
	c.Get(c.Path("/contacts/0")).Fault(t, 404)
	s.Account("other").CreateOne(`{"number":"+447400123456"}`)
	b := s.SignedIn("demo")
	page := b.Open("/").PageText(t, 200)
	if strings.Contains(page, hostile) {
		t.Error("a tag is part of the page's markup")
	}
	reads(t, page, "Contacts 3", "Lists 1", "Imports 1", "Requests today ",
		"Day Added Contacts 31 Jan 2026 2 2 1 Feb 2026 0 2 2 Feb 2026 1 3",
		"India 2 67 %", "United States 1 33 %", "Mobile 2 67 %", "Fixed line or mobile 1 33 %",
		"Member 1 33 %", hostile+" 1 33 %", "No tag 1 33 %", "contacts.csv Leads", "1 of 2", "31 Jan 1 0 0")
	has(t, page, `href="/contacts?added_from=2026-01-31&amp;added_to=2026-01-31"`, `href="/contacts?country=IN"`, `href="/contacts?country=US"`, `href="/contacts?kind=mobile"`, `href="/contacts?tag_is=Member"`, `href="/contacts?untagged=1"`,
		`width="66.67" height="1"`) // India's bar: a full one is all contacts
	if strings.Contains(page, "added_from=2026-02-01") {
		t.Error("a day on which nothing was added leads on")
	}
	if strings.Contains(visible(page), "United Kingdom") {
		t.Error("another account's contacts are counted")
	}
	// It is kept for a while, and made anew when much has changed.
	c.CreateOne(`{"number":"+6581234567"}`)
	if strings.Contains(visible(b.Open("/").PageText(t, 200)), "Singapore") {
		t.Error("it was counted again at once")
	}
	clock.Add(20 * time.Second)
	reads(t, b.Open("/").PageText(t, 200), "Singapore 1 25 %")
	piece := b.Do("GET", "/overview/plots", nil, "HX-Request", "true").PageText(t, 200)
	if !strings.Contains(piece, "Singapore") || strings.Contains(piece, "<html") {
		t.Errorf("the piece is %s", piece)
	}
	b.Open("/overview/plots").Redirect(t, "/?plots=now")
}

// TestRequestsAreKept: what was counted is there after a restart, on its day in
// the account's time zone.
func TestRequestsAreKept(t *testing.T) {
	t.Parallel()
	// Half past six in the evening, UTC, is midnight in Kolkata.
	clock := clocktest.New(time.Date(2026, 3, 1, 18, 29, 59, 0, time.UTC))
	opts := servertest.Options{Dashboard: true, Path: servertest.NewDatabase(t), Clock: clock, Log: slog.DiscardHandler}
	s := servertest.Start(t, opts)
	c := s.Account("demo")
	for range 3 {
		c.Total()
	}
	clock.Add(time.Second)
	c.Get(c.Path("/contacts/0")).Fault(t, 404)
	c.As("x", "y").Get(c.Path("/contacts/0")).Fault(t, 401) // nobody's
	s.SignedIn("demo").Open("/imports").PageText(t, 200)    // not the API's
	want := []string{"Requests today 1", "1 Mar 3 0 0", "2 Mar 0 1 0"}
	reads(t, s.SignedIn("demo").Open("/").PageText(t, 200), want...)
	s.Stop()
	s = servertest.Start(t, opts)
	reads(t, s.SignedIn("demo").Open("/").PageText(t, 200), want...)
}
