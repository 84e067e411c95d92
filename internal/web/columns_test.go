package web_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var columnHead = regexp.MustCompile(`<th scope="col" class="col-[^>]*>(?:<[^>]*>)*([^<]*)`)

// heads are those of the page's table of contacts.
func heads(page string) (all []string) {
	for _, found := range columnHead.FindAllStringSubmatch(page, -1) {
		all = append(all, strings.TrimSpace(found[1]))
	}
	return all
}

// TestColumns chooses the columns of the table, custom fields among them, and gives
// them back.
func TestColumns(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	c.Create(`{"number": "9876543210", "first_name": "Asha", "custom_field": {"plan": "gold <1>", "seats": 12, "address": {"city": "Pune"}, "none": null}}`,
		`{"number": "9820098200", "first_name": "Rohan"}`)
	usual := []string{"Name", "Number", "Company", "E-mail", "Tag", "Added"}
	page := b.Open("/contacts").PageText(t, 200)
	if got := heads(page); !slices.Equal(got, usual) {
		t.Fatalf("the columns are %q", got)
	}
	has(t, page, `name="column" value="custom_field.plan"`, `name="column" value="custom_field.seats"`, `action="/contacts/columns"`)

	choose := func(from string, form url.Values) {
		t.Helper()
		form.Set("from", from)
		b.Submit("/contacts/columns", form).Redirect(t, from)
	}
	choose("/contacts?q=a&sort=name", url.Values{"column": {"custom_field.seats", "custom_field.plan", "country", "nothing", "number", "number", "custom_field.address", "custom_field.none"}})
	page = b.Open("/contacts?q=a&sort=name").PageText(t, 200)
	if got, want := heads(page), []string{"Name", "Number", "Country", "seats", "plan", "address", "none"}; !slices.Equal(got, want) {
		t.Errorf("the columns are %q", got)
	}
	has(t, page, `data-label="plan" title="gold &lt;1&gt;">gold &lt;1&gt;</td>`, `data-label="seats" title="12">12</td>`,
		`data-label="Country" title="India">India</td>`, `{&#34;city&#34;:&#34;Pune&#34;}</td>`, `data-label="none"></td>`)
	// Lists have the same, and a page that htmx asks for.
	list := c.CreateList("Diwali")
	c.Add(list.SID, c.List("").Page(t).Response[0].Data.SID)
	if got := heads(b.Open("/lists/"+list.SID).PageText(t, 200)); len(got) != 7 {
		t.Errorf("the list's columns are %q", got)
	}
	if got := heads(string(b.Do("GET", "/contacts?q=a", nil, "HX-Request", "true").Body)); len(got) != 7 {
		t.Errorf("the piece's columns are %q", got)
	}

	// No column but the name is a choice, too.
	choose("/contacts", url.Values{})
	if got := heads(b.Open("/contacts").PageText(t, 200)); !slices.Equal(got, []string{"Name"}) {
		t.Errorf("the columns are %q", got)
	}
	choose("/contacts", url.Values{"reset": {"1"}})
	if got := heads(b.Open("/contacts").PageText(t, 200)); !slices.Equal(got, usual) {
		t.Errorf("the columns are %q", got)
	}
	// What it is sorted by is to be seen.
	if got := heads(b.Open("/contacts?sort=updated").PageText(t, 200)); !slices.Contains(got, "Changed") {
		t.Errorf("the columns are %q", got)
	}

	// More than a browser can remember changes nothing.
	many := url.Values{}
	for _, letter := range "abcdefghijklmnopqrst" {
		many.Add("column", "custom_field."+strings.Repeat(string(letter), 80)+"ऄ")
	}
	choose("/contacts", many)
	page = b.Open("/contacts").PageText(t, 200)
	has(t, page, "Choose fewer.")
	if got := heads(page); !slices.Equal(got, usual) {
		t.Errorf("the columns are %q", got)
	}
	// Nobody is sent to another site.
	for _, from := range []string{"https://example.com/contacts", "//example.com/contacts", "/signin", "/lists/x", "javascript:alert(1)", "/contacts/../signin", "%"} {
		b.Submit("/contacts/columns", url.Values{"from": {from}, "reset": {"1"}}).Redirect(t, "/contacts")
	}
}

// TestColumnsOfOthers: what is no choice of columns, in a cookie that anybody wrote, is
// the usual ones.
func TestColumnsOfOthers(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	c.CreateOne(`{"number": "9876543210"}`)
	for _, cookie := range []string{"x", "WzFd", "Ww", strings.Repeat("A", 3000)} {
		a := b.Do("GET", "/contacts", nil, "Cookie", "callbook_columns="+cookie)
		if got := heads(a.PageText(t, 200)); len(got) != 6 {
			t.Errorf("with the cookie %q the columns are %q", cookie, got)
		}
	}
}
