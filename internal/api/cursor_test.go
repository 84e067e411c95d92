package api_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/servertest"
)

// byCursor follows next_cursor from a path to the end, with between called
// after each page, and returns the sids of the items.
func byCursor(t *testing.T, c *servertest.Client, path string, between func()) []string {
	t.Helper()
	var sids []string
	for cursor := ""; ; {
		page := c.Get(path + cursor).Page(t)
		for _, item := range page.Response {
			sids = append(sids, item.Data.SID)
		}
		next := page.Metadata.Cursor
		if next == nil {
			if page.Metadata.Next != nil {
				t.Errorf("%s: there is a next page without a cursor", path)
			}
			return sids
		}
		cursor = "&cursor=" + *next
		between()
	}
}

// TestCursorOrders: by cursor as by offset, in each order, with many that are
// equal in it.
func TestCursorOrders(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and one step after the other")
	}
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	var contacts []string
	for i := range 23 {
		contacts = append(contacts, fmt.Sprintf(`{"number":%q,"first_name":%q}`, numbered(i), []string{"b", "", "आशा", "A"}[i%4]))
	}
	var sids []string
	for _, item := range c.Create(contacts...) {
		sids = append(sids, item.Data.SID)
	}
	list := c.CreateList("some").SID
	c.Add(list, sids[3:]...)
	for i := range 7 {
		c.CreateList(fmt.Sprintf("list %d", i%7))
	}
	for _, path := range []string{"/contacts?", "/contacts?q=a", "/contacts?name=a", "/contacts?list_sids=" + list, "/lists/" + list + "/contacts?", "/lists?"} {
		for _, field := range []string{"date_created", "date_updated", "name"} {
			for _, direction := range []string{"asc", "desc"} {
				path := c.Path(path + "&sort_by=" + field + ":" + direction)
				want := visit(t, c, path+"&limit=1000")
				for _, limit := range []int{1, 4, 23, 1000} {
					path := fmt.Sprintf("%s&limit=%d", path, limit)
					if diff := cmp.Diff(want, byCursor(t, c, path, func() {})); diff != "" {
						t.Errorf("%s (-want +got):\n%s", path, diff)
					}
					// The links go by cursor once a page was one.
					var linked []string
					for next := c.Get(path).Page(t).Metadata.Cursor; next != nil; {
						link := path + "&cursor=" + *next
						next = nil
						for link != "" {
							page := c.Get(link).Page(t)
							for _, item := range page.Response {
								linked = append(linked, item.Data.SID)
							}
							if link = ""; page.Metadata.Next != nil {
								link = *page.Metadata.Next
							}
						}
					}
					if diff := cmp.Diff(want[min(limit, len(want)):], append([]string{}, linked...)); diff != "" {
						t.Errorf("%s by links (-want +got):\n%s", path, diff)
					}
				}
			}
		}
	}
}

// TestCursorStable: what was there all the time comes once, while others come
// and go, the one that the cursor stands at among them.
func TestCursorStable(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	var stay, leave []string
	for i, item := range c.Create(people(0, 40)...) {
		if i%2 == 0 {
			stay = append(stay, item.Data.SID)
		} else {
			leave = append(leave, item.Data.SID)
		}
	}
	n := 100
	got := byCursor(t, c, c.Path("/contacts?limit=4&sort_by=date_created:desc"), func() {
		c.Send("DELETE", "/contacts/"+leave[len(leave)-1], "")
		leave = leave[:len(leave)-1]
		c.CreateOne(people(n, 1)[0])
		n++
	})
	got = slices.DeleteFunc(got, func(sid string) bool { return !slices.Contains(stay, sid) })
	slices.Reverse(stay)
	if diff := cmp.Diff(stay, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBadCursors(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	c.Create(people(0, 3)...)
	good := *c.List("limit=1").Page(t).Metadata.Cursor
	for words, want := range map[string]string{
		"cursor=":                              errCursorText,
		"cursor=x":                             errCursorText,
		"cursor=" + good[:20]:                  errCursorText,
		"cursor=" + url.QueryEscape(good+"=="): errCursorText,
		"cursor=" + "_" + good[1:]:             errCursorText,
		"cursor=" + good + "_w":                errCursorText,
		"cursor=" + good + "&offset=0":         "Invalid cursor: it goes without an offset",
		"cursor=" + good + "&sort_by=name":     "Invalid cursor: it is of another sort_by",
		"number=12":                            "Invalid Number: too short for India (+91)",
		"q=%00":                                "Invalid q: it must be UTF-8 without the NUL character",
		"tag=%ff":                              "Invalid tag: it must be UTF-8 without the NUL character",
	} {
		if fault := c.List(words).Fault(t, 400); fault.Code != 1002 || fault.Description != want {
			t.Errorf("%s: got %+v, want %q", words, fault, want)
		}
	}
	if got := c.List("sort_by=DATE_CREATED:asc&cursor=" + good).Page(t).Metadata; got.Count != 2 || got.Total != 3 || got.Prev != nil {
		t.Errorf("got %+v", got)
	}
}

const errCursorText = "Invalid cursor: it must be the next_cursor of an earlier page"
