package web_test

import (
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
