package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestJoinedColumn: the table of a list tells when each contact was put into this list,
// and the table of all contacts has no such column.
func TestJoinedColumn(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	s := servertest.Start(t, servertest.Options{Dashboard: true, Clock: clock})
	c := s.Account("demo")
	asha := c.CreateOne(`{"number":"+919876543210","first_name":"Asha"}`)
	list, other := c.CreateList("Members"), c.CreateList("Another")
	clock.Add(24 * time.Hour)
	c.Add(other.SID, asha.SID)
	clock.Add(48 * time.Hour)
	c.Add(list.SID, asha.SID)
	b := s.SignedIn("demo")
	page := b.Open("/lists/"+list.SID).PageText(t, 200)
	has(t, page, ">Joined<", "23 Nov 2026", "20 Nov 2026")
	if strings.Contains(page, "21 Nov 2026") {
		t.Error("the page tells when the contact was put into another list")
	}
	if page := b.Open("/contacts").PageText(t, 200); strings.Contains(page, ">Joined<") {
		t.Error("the table of all contacts has the column too")
	}
}

// TestOrderByJoining sorts a list's table by the head of its column, turns its pages and
// goes to a row.
func TestOrderByJoining(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	s := servertest.Start(t, servertest.Options{Dashboard: true, Clock: clock})
	c := s.Account("demo")
	var contacts []string
	for i := range 60 {
		contacts = append(contacts, fmt.Sprintf(`{"number": "+9198%08d", "first_name": "P%02d"}`, 10_000_000+i, i))
	}
	c.Create(contacts...)
	list := c.CreateList("Members")
	var names, sids []string
	for _, item := range c.List("limit=100").Page(t).Response {
		names, sids = append(names, *item.Data.FirstName), append(sids, item.Data.SID)
	}
	for _, part := range [][2]int{{40, 60}, {0, 20}, {20, 40}} {
		clock.Add(time.Hour)
		c.Add(list.SID, sids[part[0]:part[1]]...)
	}
	want := slices.Concat(names[40:60], names[0:20], names[20:40])
	b := s.SignedIn("demo")
	path := "/lists/" + list.SID
	page := b.Open(path).PageText(t, 200)
	has(t, page, `href="`+path+`?sort=-joined"`, `<option value="joined">Joined first</option>`)
	page = b.Open(path+"?sort=joined").PageText(t, 200)
	has(t, page, `aria-sort="ascending"`, `<option value="joined" selected>`)
	next := pageLink(page, "next")
	second := b.Open(next).PageText(t, 200)
	if got := append(rows(page), rows(second)...); !slices.Equal(got, want) {
		t.Errorf("joined first: %q", got)
	}
	if got := rows(b.Open(pageLink(second, "prev")).PageText(t, 200)); !slices.Equal(got, want[:50]) {
		t.Errorf("and back: %q", got)
	}
	if got := rows(b.Open(path+"?sort=joined&row=31&q=P").PageText(t, 200)); !slices.Equal(got, want[30:]) {
		t.Errorf("from row 31: %q", got)
	}
	slices.Reverse(want)
	if got := rows(b.Open(path+"?sort=-joined").PageText(t, 200)); !slices.Equal(got, want[:50]) {
		t.Errorf("joined last: %q", got)
	}
	// The table of all contacts has no such order.
	if got := rows(b.Open("/contacts?sort=joined").PageText(t, 200)); got[0] != "P59" {
		t.Errorf("all contacts begin with %q", got)
	}
}
