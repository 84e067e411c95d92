package api_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/servertest"
)

// TestPageWords asks for pages of 25 contacts, and looks at the words that the
// server understood.
func TestPageWords(t *testing.T) {
	t.Parallel()
	const total = 25
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	c.Create(people(0, total)...)
	for _, tt := range []struct {
		query                      string
		offset, limit, first, last int // first and last contact of the page, -1 for none
	}{
		{"", 0, 20, 0, 19},
		{"offset=0&limit=20", 0, 20, 0, 19},
		{"offset=20", 20, 20, 20, 24},
		{"limit=7", 0, 7, 0, 6},
		{"limit=1&offset=24", 24, 1, 24, 24},
		{"limit=25", 0, 25, 0, 24},
		{"limit=1000", 0, 1000, 0, 24},
		{"limit=1001", 0, 1000, 0, 24},
		{"limit=2147483648", 0, 1000, 0, 24},
		{"limit=99999999999999999999999999", 0, 1000, 0, 24},
		{"limit=007&offset=003", 3, 7, 3, 9},
		{"offset=25", 25, 20, -1, -1},
		{"offset=2147483648", 1 << 31, 20, -1, -1},
		{"offset=9223372036854775807", 1<<63 - 1, 20, -1, -1},
		{"offset=9223372036854775807&limit=1000", 1<<63 - 1, 1000, -1, -1},
		{"offset=9223372036854774808&limit=1000", 1<<63 - 1000, 1000, -1, -1},
		{"limit=3&limit=4", 0, 3, 0, 2},
		{"LIMIT=3", 0, 20, 0, 19},
		{"page=2&unknown", 0, 20, 0, 19},
		{"sort_by=DATE_created:ASC&limit=5", 0, 5, 0, 4},
	} {
		got := c.List(tt.query).Page(t)
		m := got.Metadata
		if m.Offset != tt.offset || m.Limit != tt.limit || m.PageSize != tt.limit || m.Total != total {
			t.Errorf("%q: metadata is %+v", tt.query, m)
		}
		var want, have []string
		for i := tt.first; i >= 0 && i <= tt.last; i++ {
			want = append(want, numbered(i))
		}
		for _, item := range got.Response {
			have = append(have, item.Data.Number)
		}
		if diff := cmp.Diff(want, have); diff != "" || m.Count != len(have) {
			t.Errorf("%q: count %d (-want +got):\n%s", tt.query, m.Count, diff)
		}
		if (m.Prev == nil) != (tt.offset == 0) || (m.Next == nil) != (tt.offset >= total-tt.limit) {
			t.Errorf("%q: links are %+v", tt.query, m)
		}
	}
	for _, query := range []string{
		"limit=0", "limit=-1", "limit=abc", "limit=", "limit", "limit=1.5", "limit=1e2", "limit=0x10", "limit=%205", "limit=-99999999999999999999",
		"offset=-1", "offset=abc", "offset=", "offset=1.0", "offset=99999999999999999999999", "offset=-99999999999999999999999",
		"sort_by=", "sort_by=number:asc", "sort_by=name:up", "sort_by=:asc", "sort_by=name:asc:desc", "sort_by=name+asc",
		"sort_by=date_created,name", "sort_by=sid;drop", "limit=%zz", "a;b",
	} {
		if fault := c.List(query).Fault(t, 400); fault.Code != 1002 {
			t.Errorf("%q: got %+v", query, fault)
		}
	}
}

// TestLinks: the links keep every word of the query, and lead to every contact
// once, forwards and back.
func TestLinks(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	c.Create(people(0, 47)...)
	for _, query := range []string{"limit=1", "limit=5", "limit=46", "limit=47", "limit=10&sort_by=name:desc", "offset=0", "limit=9&extra=%26%3D%23+%C3%A9&extra=2"} {
		all := walk(t, c, query)
		if len(all) != 47 {
			t.Errorf("%q visits %d contacts", query, len(all))
		}
	}

	page := c.List("offset=13&limit=5&sort_by=Name:DESC&extra=%26%20%23").Page(t).Metadata
	for _, link := range []struct {
		uri    *string
		offset string
	}{{page.First, "0"}, {page.Prev, "8"}, {page.Next, "18"}} {
		u, err := url.Parse(*link.uri)
		if err != nil || u.Host != "" || u.Path != c.Path("/contacts") {
			t.Fatalf("%q: %v", *link.uri, err)
		}
		want := url.Values{"offset": {link.offset}, "limit": {"5"}, "sort_by": {"Name:DESC"}, "extra": {"& #"}}
		if diff := cmp.Diff(want, u.Query()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", *link.uri, diff)
		}
	}
	// Back to the first page in steps of five: the last step is a short one.
	steps := 0
	for prev := page.Prev; prev != nil; steps++ {
		prev = c.Get(*prev).Page(t).Metadata.Prev
	}
	if steps != 3 {
		t.Errorf("the first page is %d steps back", steps)
	}
	if clamped := *c.List("limit=5000&offset=1").Page(t).Metadata.First; !strings.Contains(clamped, "limit=1000") {
		t.Errorf("the link has the limit that was asked for: %s", clamped)
	}
}

func TestSorting(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	names := []struct{ first, last string }{
		{"bela", "Zed"}, {"Anna", "b"}, {"", ""}, {"Émile", ""}, {"anna", "A"}, {"ANNA", "c"}, {"", "Bela"}, {"Straße", ""}, {"STRASSE", ""},
	}
	sorted := []int{2, 4, 1, 5, 6, 0, 7, 8, 3}
	for i, n := range names {
		c.CreateOne(fmt.Sprintf(`{"number":%q,"first_name":%q,"last_name":%q}`, numbered(i), n.first, n.last))
	}
	byCreation := []int{0, 1, 2, 3, 4, 5, 6, 7, 8}
	for words, want := range map[string][]int{
		"":                       byCreation,
		"sort_by=date_created":   byCreation,
		"sort_by=date_created:":  byCreation,
		"sort_by=date_updated":   byCreation,
		"sort_by=name":           sorted,
		"sort_by=name:asc":       sorted,
		"sort_by=NAME:Asc":       sorted,
		"sort_by=Date_Updated:a": nil,
	} {
		for _, direction := range []string{"asc", "desc"} {
			query := words
			switch {
			case want == nil:
				c.List(query).Fault(t, 400)
				continue
			case direction == "desc":
				word, _, _ := strings.Cut(words, ":")
				if word == "" {
					word = "sort_by=date_created"
				}
				query = word + ":DESC"
			}
			var got []int
			for _, item := range c.List(query).Page(t).Response {
				got = append(got, slices.IndexFunc(byCreation, func(i int) bool { return numbered(i) == item.Data.Number }))
			}
			expected := slices.Clone(want)
			if direction == "desc" {
				slices.Reverse(expected)
			}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", query, diff)
			}
		}
	}
}
