package web_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// book starts a server with an account and a browser that is signed in to it.
func book(t *testing.T) (*servertest.Client, *servertest.Browser) {
	t.Helper()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	c := s.Account("demo")
	return c, s.SignedIn("demo")
}

var (
	rowName = regexp.MustCompile(`<td class="main cut"[^>]*><a href="/contacts/([0-9a-f]{32})[^"]*">(.*?)</a></td>`)
	pageURL = regexp.MustCompile(`rel="(first|prev|next|last)" href="([^"]+)"`)
)

// rows are the names in a page's table of contacts.
func rows(page string) (names []string) {
	for _, m := range rowName.FindAllStringSubmatch(page, -1) {
		names = append(names, html.UnescapeString(m[2]))
	}
	return names
}

// pageLink is where a page's link to the page before or behind it leads; "" for
// none.
func pageLink(page, rel string) string {
	for _, m := range pageURL.FindAllStringSubmatch(page, -1) {
		if m[1] == rel {
			return html.UnescapeString(m[2])
		}
	}
	return ""
}

// hidden is the value of a page's hidden field.
func hidden(t *testing.T, page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)">`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page has no hidden field %s:\n%s", name, page)
	}
	return html.UnescapeString(m[1])
}

// TestContactsPages walks along all pages of the table and back, in each order.
func TestContactsPages(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	const n = 137
	contacts := make([]string, n)
	for i := range contacts {
		contacts[i] = fmt.Sprintf(`{"number": "+9198%08d", "first_name": "P%03d"}`, 10_000_000+i, i*50%n)
	}
	c.Create(contacts...)
	for _, sort := range []string{"", "created", "-updated", "updated", "name", "-name", "number", "-number", "company", "-company", "email", "-email", "tag", "-tag"} {
		t.Run("order "+sort, func(t *testing.T) {
			var there [][]string
			at := "/contacts?sort=" + sort
			page := b.Open(at).PageText(t, 200)
			if pageLink(page, "prev") != "" {
				t.Error("there is a page before the first")
			}
			has(t, page, "1 to 50 of 137 contacts", `All 137<span class="more-words"> contacts`)
			seen := make(map[string]bool)
			for {
				names := rows(page)
				there = append(there, names)
				for _, name := range names {
					if seen[name] {
						t.Errorf("%s is there twice", name)
					}
					seen[name] = true
				}
				next := pageLink(page, "next")
				if next == "" {
					break
				}
				page = b.Open(next).PageText(t, 200)
			}
			if len(seen) != n || len(there) != 3 {
				t.Fatalf("%d contacts are on %d pages", len(seen), len(there))
			}
			all := slices.Concat(there...)
			switch sort {
			case "name":
				if !slices.IsSorted(all) {
					t.Errorf("the names are %q", all)
				}
			case "-name":
				slices.Reverse(all)
				if !slices.IsSorted(all) {
					t.Errorf("the names are, turned round, %q", all)
				}
			}
			for i := len(there) - 2; i >= 0; i-- {
				page = b.Open(pageLink(page, "prev")).PageText(t, 200)
				if got := rows(page); !slices.Equal(got, there[i]) {
					t.Errorf("on the way back, page %d is %q, want %q", i, got, there[i])
				}
			}
			if got := pageLink(page, "prev"); got != "" {
				t.Errorf("back on the first page, there is one before: %s", got)
			}
			page = b.Open(pageLink(page, "last")).PageText(t, 200)
			if got := rows(page); !slices.Equal(got, there[2]) || pageLink(page, "next") != "" || pageLink(page, "last") != "" {
				t.Errorf("the last page is %q, want %q", got, there[2])
			}
			has(t, page, "101 to 137 of 137 contacts")
			page = b.Open(pageLink(page, "prev")).PageText(t, 200)
			if got := rows(page); !slices.Equal(got, there[1]) {
				t.Errorf("the last page but one is %q, want %q", got, there[1])
			}
			has(t, page, "51 to 100 of 137 contacts")
			page = b.Open(pageLink(page, "first")).PageText(t, 200)
			if got := rows(page); !slices.Equal(got, there[0]) {
				t.Errorf("the first page is %q, want %q", got, there[0])
			}
		})
	}
	// What stands in an address is anybody's.
	for _, query := range []string{"after=x", "before=%00", "after=AAAA", "sort=nothing", "q=%00%ff", "before=" + strings.Repeat("A", 40), "list=%ff", "row=-1", "row=x", "row=99999999999999999999", "page=none", "page=last&q=nobody", "after=AAAA&row=7"} {
		b.Open("/contacts?"+query).PageText(t, 200)
	}
	for _, query := range []string{"country=0", "country=x&list=%ff"} {
		b.Open("/contacts?"+query).PageText(t, 400)
	}
}

// TestContactsFilters narrows the table down.
func TestContactsFilters(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	items := c.Create(
		`{"number": "9876543210", "first_name": "Asha", "last_name": "Rao", "tag": "Member", "company_name": "Exotel"}`,
		`{"number": "+14155550123", "first_name": "Bob", "tag": "member", "email": "bob@example.com"}`,
		`{"number": "+12423651234", "first_name": "Carol", "tag": "Member"}`,
		`{"number": "08012345678", "first_name": "Dev", "company_name": "No. 10 (12345)"}`,
		`{"number": "+442079460123", "first_name": "Eve & co"}`,
	)
	lists := map[string]string{}
	for _, name := range []string{"diwali", "Diwali", "a & b"} {
		lists[name] = c.CreateList(name).SID
	}
	c.Add(lists["Diwali"], items[0].Data.SID, items[1].Data.SID)
	c.Add(lists["diwali"], items[2].Data.SID)
	c.Add(lists["a & b"], items[4].Data.SID)
	for _, tt := range []struct {
		query url.Values
		want  []string
	}{
		{url.Values{"q": {"asha r"}}, []string{"Asha Rao"}},
		{url.Values{"q": {" EXO "}}, []string{"Asha Rao"}},
		{url.Values{"q": {"bob@"}}, []string{"Bob"}},
		{url.Values{"q": {"&"}}, []string{"Eve & co"}},
		{url.Values{"q": {"+91 98765 43210"}}, []string{"Asha Rao"}},
		{url.Values{"q": {"098765-43210"}}, []string{"Asha Rao"}},
		{url.Values{"q": {"98765 4"}}, []string{"Asha Rao"}},
		{url.Values{"q": {"+1 (415) 555"}}, []string{"Bob"}},
		{url.Values{"q": {"12345"}}, []string{"Dev"}},
		{url.Values{"q": {"nobody"}}, nil},
		{url.Values{"tag": {`"Member"`}}, []string{"Asha Rao", "Carol"}},
		{url.Values{"tag": {"EMB"}}, []string{"Asha Rao", "Bob", "Carol"}},
		{url.Values{"country": {"1"}}, []string{"Bob", "Carol"}},
		{url.Values{"country": {"91"}, "q": {"de"}}, []string{"Dev"}},
		{url.Values{"country": {"44"}, "tag": {"Member"}}, nil},
		{url.Values{"list": {`"Diwali"`}}, []string{"Asha Rao", "Bob"}},
		{url.Values{"list": {`"diwali"`}}, []string{"Carol"}},
		{url.Values{"list": {"IWA"}}, []string{"Asha Rao", "Bob", "Carol"}},
		{url.Values{"list": {"a & b"}, "q": {"eve"}}, []string{"Eve & co"}},
		{url.Values{"list": {`"Diwali"`}, "country": {"1"}}, []string{"Bob"}},
		{url.Values{"q": {"nair  PRIYA"}}, nil},
	} {
		tt.query.Set("sort", "created")
		page := b.Open("/contacts?"+tt.query.Encode()).PageText(t, 200)
		if got := rows(page); !slices.Equal(got, tt.want) {
			t.Errorf("%v: got %q, want %q", tt.query, got, tt.want)
		}
		if tt.want == nil {
			has(t, page, "No contact matches", "Clear the filters")
		}
	}
	has(t, b.Open("/contacts?list=%22DIWALI%22").PageText(t, 200), "There is no list called “DIWALI”.")
	has(t, b.Open("/contacts?list=diwalix").PageText(t, 200), "No list has “diwalix” in its name.")
	has(t, b.Open("/contacts?country=999").PageText(t, 400), "There is no country “999”.")
	has(t, html.UnescapeString(b.Open("/contacts").PageText(t, 200)), `<option value="IN">India +91</option>`, `<option value="CA">Canada +1</option>`)
}

// TestContactsFragment gets the table alone, as htmx asks for it.
func TestContactsFragment(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	c.CreateOne(`{"number": "9876543210", "first_name": "Asha"}`)
	a := b.Do("GET", "/contacts?q=ash&tag=&list=&country=&sort=", nil, "HX-Request", "true")
	page := a.PageText(t, 200)
	if !strings.HasPrefix(strings.TrimSpace(page), `<div id="results"`) || !slices.Equal(rows(page), []string{"Asha"}) {
		t.Errorf("the fragment is %s", page)
	}
	if got := a.Header.Get("HX-Push-Url"); got != "/contacts?q=ash" {
		t.Errorf("its address is %q", got)
	}
}

func TestContactsEmpty(t *testing.T) {
	t.Parallel()
	_, b := book(t)
	page := b.Open("/contacts").PageText(t, 200)
	has(t, page, "The address book is empty", `href="/contacts/new"`, `href="/imports"`, `href="/api/samples"`)
}

// TestHostileContact shows values that would be scripts, if anybody took them
// for such, on every page that shows them.
func TestHostileContact(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	const script = `<script>alert(1)</script>`
	contact := c.CreateOne(`{"number": "9876543210", "first_name": "` + script + `", "last_name": "\" onload=\"alert(1)", "company_name": "=1+1", "tag": "` + script +
		`", "email": "javascript:alert(1)", "custom_field": {"` + script + `": "</textarea>` + script + `"}}`)
	list := c.CreateList(script)
	c.Add(list.SID, contact.SID)
	selected := url.Values{"sid": {contact.SID}, "do": {"list"}, "q": {script}}
	for path, page := range map[string]string{
		"contacts":  b.Open("/contacts").PageText(t, 200),
		"search":    b.Open("/contacts?"+url.Values{"q": {script}, "tag": {script}, "list": {script}}.Encode()).PageText(t, 200),
		"contact":   b.Open("/contacts/"+contact.SID).PageText(t, 200),
		"edit":      b.Open("/contacts/"+contact.SID+"/edit").PageText(t, 200),
		"lists":     b.Open("/lists").PageText(t, 200),
		"list":      b.Open("/lists/"+list.SID).PageText(t, 200),
		"edit list": b.Open("/lists/"+list.SID+"/edit").PageText(t, 200),
		"selected":  b.Follow(b.Submit("/contacts/selected", selected)).PageText(t, 200),
		"conflict":  b.Submit("/contacts/"+contact.SID, url.Values{"number": {"9876543210"}, "updated": {"1"}, "first_name": {script + "2"}}).PageText(t, 409),
		"deleted":   b.Follow(b.Submit("/contacts/"+contact.SID+"/delete", nil)).PageText(t, 200),
	} {
		if strings.Contains(page, script) || strings.Contains(page, `" onload=`) || strings.Contains(page, `href="javascript:`) {
			t.Errorf("%s: not escaped:\n%s", path, page)
		}
		if !strings.Contains(page, "alert(1)") {
			t.Errorf("%s: does not show the value:\n%s", path, page)
		}
	}
}
