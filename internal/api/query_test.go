package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestIndexedWords: libraries give the name of an array brackets, and it means the
// plain word, also in the links to other pages.
func TestIndexedWords(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	a, b := c.CreateList("A"), c.CreateList("B")
	items := c.Create(people(0, 3)...)
	c.Add(a.SID, items[0].Data.SID)
	c.Add(b.SID, items[1].Data.SID)
	for query, total := range map[string]int{
		"list_sids[]=" + a.SID: 1,
		"list_sids%5B%5D=" + a.SID + "&list_sids%5B%5D=" + b.SID:    2,
		"list_sids[0]=" + a.SID + "&list_sids[1]=" + b.SID:          2,
		"list_sids%5B0%5D=" + a.SID + "&list_sids%5B10%5D=" + b.SID: 2,
		"list_sids=" + a.SID + "&list_sids[]=" + b.SID:              2,
		"list_sids[]=" + a.SID + "," + b.SID:                        2,
		"list_sids[]=" + strings.Repeat("1", 32):                    0,
		"list_sids[x]=" + a.SID:                                     3, // another word, which a page ignores
		"[]=" + a.SID:                                               3,
		"limit[]=2":                                                 3,
	} {
		page := c.List(query + "&limit=1").Page(t)
		if page.Metadata.Total != total {
			t.Errorf("%s: the total is %d, want %d", query, page.Metadata.Total, total)
		}
		if next := page.Metadata.Next; next != nil && strings.HasPrefix(query, "list_sids[]") {
			if link, err := url.Parse(*next); err != nil || !link.Query().Has("list_sids") {
				t.Errorf("%s: the next page is %s", query, *next)
			}
		}
	}
}

// TestMembersLimit: a page of a list's contacts has up to 5,000, and of all others
// up to 1,000.
func TestMembersLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and does nothing at once")
	}
	t.Parallel()
	const n = 5001
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	var csv strings.Builder
	csv.WriteString("number\n")
	for i := range n {
		fmt.Fprintf(&csv, "%s\n", numbered(i))
	}
	u := c.Await(c.Upload("Members", csv.String()))
	members := c.Path("/lists/" + u.List + "/contacts?limit=")
	for _, tt := range []struct {
		path         string
		limit, count int
	}{
		{members + "5000", 5000, 5000},
		{members + "6000", 5000, 5000},
		{members + "6000&offset=5000", 5000, 1},
		{members + "6000&filter=show_list", 5000, 5000},
		{c.Path("/contacts?limit=5000"), 1000, 1000},
	} {
		page := c.Get(tt.path).Page(t)
		if page.Metadata.Limit != tt.limit || len(page.Response) != tt.count || page.Metadata.Total != n {
			t.Errorf("%s: got %d contacts, %+v", tt.path, len(page.Response), page.Metadata)
		}
	}
}
