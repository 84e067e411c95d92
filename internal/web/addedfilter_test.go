package web_test

import (
	"html"
	"slices"
	"strings"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestAddedFilter: days are those of the account, and both belong to what is shown,
// selected and exported.
func TestAddedFilter(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(time.Date(2026, 11, 28, 18, 29, 59, 0, time.UTC))
	s := servertest.Start(t, servertest.Options{Dashboard: true, Clock: clock})
	c, b := s.Account("demo"), s.SignedIn("demo")
	c.CreateOne(`{"number":"+919876543210","first_name":"P28"}`)
	clock.Add(time.Second) // midnight in India
	first := c.CreateOne(`{"number":"+919876543211","first_name":"P29"}`)
	clock.Add(24 * time.Hour)
	c.CreateOne(`{"number":"+919876543212","first_name":"P30"}`)
	list := c.CreateList("two")
	c.Add(list.SID, first.SID)
	for query, want := range map[string][]string{
		"":                      {"P30", "P29", "P28"},
		"added_from=2026-11-29": {"P30", "P29"},
		"added_to=2026-11-29":   {"P29", "P28"},
		"added_from=2026-11-29&added_to=2026-11-29":          {"P29"},
		"added_from=2026-11-30&added_to=2026-11-28":          nil,
		"added_from=2026-11-29&country=91&sort=name":         {"P29", "P30"},
		"added_from=2026-11-29&added_to=2026-11-29&q=p30":    nil,
		"added_from=2026-11-29&added_to=2026-11-29&list=two": {"P29"},
	} {
		page := b.Open("/contacts?"+query).PageText(t, 200)
		if got := rows(page); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
		if len(want) == 0 {
			continue
		}
		link := exportURL.FindStringSubmatch(page)
		if file := b.Open(html.UnescapeString(link[1])); strings.Count(string(file.Body), "\n")-1 != len(want) {
			t.Errorf("%s: the file is %s", query, file.Body)
		}
	}
	page := b.Open("/contacts?added_from=2026-11-29&added_to=2026-11-29").PageText(t, 200)
	has(t, page, `name="added_from" type="date" value="2026-11-29"`, `<input type="hidden" name="added_to" value="2026-11-29">`)
	reads(t, b.Open("/contacts?added_from=29.11.2026").PageText(t, 400), "“29.11.2026” is no day.")
	if got := rows(b.Open("/lists/"+list.SID+"?added_to=2026-11-28").PageText(t, 200)); len(got) != 0 {
		t.Errorf("the list has %q", got)
	}
}
