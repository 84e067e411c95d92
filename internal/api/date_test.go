package api_test

import (
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

func TestDates(t *testing.T) {
	t.Parallel()
	second := time.Date(2026, 3, 14, 3, 56, 53, 0, time.UTC)
	for _, tt := range []struct {
		zone string
		at   time.Time
		want string
	}{
		{"Asia/Kolkata", second, "2026-03-14T09:26:53+05:30"},
		{"Asia/Kolkata", second.Add(100 * time.Millisecond), "2026-03-14T09:26:53.1+05:30"},
		{"Asia/Kolkata", second.Add(1), "2026-03-14T09:26:53.000000001+05:30"},
		{"Asia/Kolkata", second.Add(151016220), "2026-03-14T09:26:53.15101622+05:30"},
		{"Asia/Kolkata", second.Add(999999999), "2026-03-14T09:26:53.999999999+05:30"},
		{"UTC", second.Add(10), "2026-03-14T03:56:53.00000001Z"},
		{"Asia/Kathmandu", second, "2026-03-14T09:41:53+05:45"},
		{"America/New_York", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "2025-12-31T19:00:00-05:00"},
		// The hour that comes twice.
		{"America/New_York", time.Date(2026, 11, 1, 5, 59, 59, 5e8, time.UTC), "2026-11-01T01:59:59.5-04:00"},
		{"America/New_York", time.Date(2026, 11, 1, 6, 0, 0, 5e8, time.UTC), "2026-11-01T01:00:00.5-05:00"},
		{"Pacific/Chatham", second, "2026-03-14T17:41:53+13:45"},
	} {
		t.Run(tt.zone+"/"+tt.want, func(t *testing.T) {
			t.Parallel()
			path := servertest.NewDatabase(t)
			s := servertest.Start(t, servertest.Options{Path: path, Clock: clocktest.New(tt.at)})
			c := s.AccountIn("demo", "IN", tt.zone)
			created := c.CreateOne(`{"number":"+919876543210"}`)
			page := c.List("").Page(t).Response[0].Data
			s.Stop()
			again := c.At(servertest.Start(t, servertest.Options{Path: path}))
			for _, got := range []servertest.Contact{created, *page, again.Get(created.URI).Contact(t)} {
				if got.DateCreated != tt.want || got.DateUpdated != tt.want {
					t.Errorf("got %s and %s, want %s", got.DateCreated, got.DateUpdated, tt.want)
				}
			}
		})
	}
}

// TestOrderOfCreation: sids and dates rise from contact to contact, whatever
// the clock does.
func TestOrderOfCreation(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(goldenTime)
	c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
	steps := []time.Duration{0, 0, -time.Hour, 0, 1, time.Nanosecond * 250, -time.Millisecond, time.Microsecond, 3 * time.Hour, 0}
	number := 0
	for _, step := range steps {
		clock.Add(step)
		for _, n := range []int{1, 40, 1} {
			c.Post(servertest.Contacts(people(number, n)...)).Bulk(t)
			number += n
		}
	}
	for _, query := range []string{"limit=1000", "limit=1000&sort_by=date_updated:asc"} {
		all := walk(t, c, query)
		if len(all) != number {
			t.Fatalf("%d contacts, want %d", len(all), number)
		}
		for i, contact := range all {
			if contact.Number != numbered(i) {
				t.Fatalf("%s: contact %d is %s, want %s", query, i, contact.Number, numbered(i))
			}
			if i == 0 {
				continue
			}
			before := all[i-1]
			if contact.SID <= before.SID {
				t.Errorf("sid %s comes after %s", contact.SID, before.SID)
			}
			if !date(t, contact.DateCreated).After(date(t, before.DateCreated)) {
				t.Errorf("%s comes after %s", contact.DateCreated, before.DateCreated)
			}
		}
	}
}

func date(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
