package web_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestBesideContact goes along a table from contact to contact, in every order, over the
// ends of its pages and back, and finds the table's page that has the contact.
func TestBesideContact(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	var contacts []string
	for i := range 53 {
		contacts = append(contacts, fmt.Sprintf(`{"number": "+9198%08d", "first_name": "P%02d", "company_name": %q, "tag": "T%d"}`, 10_000_000+i, i, []string{"", "Exotel", "Acme"}[i%3], i%2))
	}
	c.Create(contacts...)
	list := c.CreateList("Members")
	for _, item := range c.List("limit=100").Page(t).Response {
		c.Add(list.SID, item.Data.SID)
	}
	title := regexp.MustCompile(`<h1>([^<]*)</h1>`)
	beside := regexp.MustCompile(`<a rel="(prev|next)" href="([^"]*)"`)
	step := func(page, rel string) string {
		for _, m := range beside.FindAllStringSubmatch(page, -1) {
			if m[1] == rel {
				return b.Follow(b.Open(html.UnescapeString(m[2]))).PageText(t, 200)
			}
		}
		return ""
	}
	for _, table := range []string{"/contacts", "/contacts?sort=-company", "/contacts?sort=name&q=P", "/contacts?sort=-updated", "/lists/" + list.SID + "?sort=joined", "/lists/" + list.SID} {
		first := b.Open(table).PageText(t, 200)
		want := slices.Concat(rows(first), rows(b.Open(pageLink(first, "next")).PageText(t, 200)))
		link := regexp.MustCompile(`class="main cut"[^>]*><a href="([^"]*)"`).FindStringSubmatch(first)[1]
		page := b.Open(html.UnescapeString(link)).PageText(t, 200)
		var got []string
		last := page
		for ; page != ""; page = step(page, "next") {
			got = append(got, title.FindStringSubmatch(page)[1])
			has(t, page, fmt.Sprintf("%d of 53", len(got)))
			last = page
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s: forwards it is %q, want %q", table, got, want)
		}
		back := regexp.MustCompile(`<a href="([^"#]*)#c([0-9a-f]*)">Back to the table`).FindStringSubmatch(last)
		if there := b.Open(html.UnescapeString(back[1])).PageText(t, 200); !strings.Contains(there, `id="c`+back[2]+`"`) {
			t.Errorf("%s: the page to go back to, %s, does not have the contact", table, back[1])
		}
		got = nil
		for page = last; page != ""; page = step(page, "prev") {
			got = append(got, title.FindStringSubmatch(page)[1])
		}
		slices.Reverse(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: backwards it is %q, want %q", table, got, want)
		}
	}

	// One that has left the filter still has its place in it.
	sid := c.List("limit=100").Page(t).Response[10].Data.SID
	c.Send("PUT", "/contacts/"+sid, `{"tag": "other"}`)
	at := "/contacts/" + sid + "/beside/next?" + url.Values{"from": {"/contacts?tag=T0"}}.Encode()
	has(t, b.Follow(b.Open(at)).PageText(t, 200), "<h1>P08</h1>")
	b.Open(strings.Replace(at, "next", "nowhere", 1)).PageText(t, 404)
	newest := c.List("limit=100").Page(t).Response[52].Data.SID
	has(t, b.Follow(b.Open("/contacts/"+newest+"/beside/previous?from=/contacts")).PageText(t, 200), "There is no contact before this one")
}
