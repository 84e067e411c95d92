package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestManyLists: a page shows all lists of each contact, however many, and holds
// few of them at once.
func TestManyLists(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	t.Parallel()
	const contacts, lists = 20, 1100 // more than a page has in all
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	var refs []string
	for _, item := range c.Create(people(0, contacts)...) {
		refs = append(refs, item.Data.SID)
	}
	var drafts, names []string
	for i := range lists {
		names = append(names, fmt.Sprintf("list %05d %s", i*7919%lists, strings.Repeat("x", 200)))
		drafts = append(drafts, fmt.Sprintf(`{"name":%q}`, names[i]))
	}
	slices.Sort(names)
	made := c.Send("POST", "/lists", `{"lists":[`+strings.Join(drafts, ",")+`]}`).BulkLists(t).Response
	for i, list := range made {
		in := refs
		if i == 0 {
			in = refs[1:] // the first contact is in one list fewer
		}
		body := servertest.References(in...)
		if a := c.Send("POST", "/lists/"+list.Data.SID+"/contacts", body); a.Status != http.StatusMultiStatus {
			t.Fatalf("got %d, %s", a.Status, a.Body)
		}
	}
	page := c.List("filter=show_list&sort_by=date_created:asc").Page(t)
	if page.Metadata.Count != contacts || len(page.Response) != contacts {
		t.Fatalf("%d contacts, metadata %+v", len(page.Response), page.Metadata)
	}
	for i, item := range page.Response {
		var got []string
		for _, l := range item.Data.Lists {
			got = append(got, l.Name)
		}
		want := names
		if i == 0 {
			want = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == made[0].Data.Name })
		}
		if !slices.Equal(got, want) {
			t.Errorf("contact %d: %d lists of %d, or in another order", i, len(got), len(want))
		}
	}
	if a := c.Do("HEAD", c.Path("/contacts?filter=show_list"), nil); a.Status != http.StatusOK || len(a.Body) > 0 {
		t.Errorf("HEAD: got %d, %d bytes", a.Status, len(a.Body))
	}
	s.AwaitIdle()
}
