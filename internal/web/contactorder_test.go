package web_test

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var headLink = regexp.MustCompile(`<th scope="col" class="[^"]*"(?: aria-sort="(\w+)")?><a class="sort" href="([^"]+)">([^<]+)`)

// sortHeads are the links of a table's heads, and how the one is sorted that is.
func sortHeads(page string) (links map[string]string, sorted string) {
	links = make(map[string]string)
	for _, m := range headLink.FindAllStringSubmatch(page, -1) {
		links[m[3]] = html.UnescapeString(m[2])
		if m[1] != "" {
			sorted += m[3] + " " + m[1]
		}
	}
	return links, sorted
}

// TestSortByHeads sorts the table by each column, in both directions. Who has nothing in
// a column comes last in both.
func TestSortByHeads(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	items := c.Create(
		`{"number": "+919876543210", "first_name": "Asha", "last_name": "Rao", "company_name": "Exotel", "email": "rao@example.com", "tag": "vip"}`,
		`{"number": "+14155550123", "first_name": "bob", "company_name": "acme", "email": "Bob@example.com", "tag": "Lead"}`,
		`{"number": "+442079460123", "company_name": "Zomato"}`,
		`{"number": "+6591234567", "company_name": "Blue Dart", "email": "x@example.com"}`,
		`{"number": "+4930123456", "tag": "LEADING"}`,
		`{"number": "+971501234567", "first_name": "Zoë", "tag": "lead"}`,
	)
	list := c.CreateList("all")
	for _, item := range items {
		c.Add(list.SID, item.Data.SID)
	}
	const asha, bob, zomato, dart, berlin, zoe = "Asha Rao", "bob", "Zomato", "Blue Dart", "+49 30 123456", "Zoë"
	for _, path := range []string{"/contacts", "/lists/" + list.SID} {
		page := b.Open(path).PageText(t, 200)
		if _, sorted := sortHeads(page); sorted != "Added descending" {
			t.Errorf("at first it is sorted by %q", sorted)
		}
		for _, tt := range []struct {
			column    string
			up, down  []string
			downFirst bool
		}{
			{"Name", []string{asha, bob, zoe, dart, zomato, berlin}, []string{zoe, bob, asha, zomato, dart, berlin}, false},
			{"Number", []string{bob, zomato, berlin, dart, asha, zoe}, []string{zoe, asha, dart, berlin, zomato, bob}, false},
			{"Company", []string{bob, dart, asha, zomato, berlin, zoe}, []string{zomato, asha, dart, bob, zoe, berlin}, false},
			{"E-mail", []string{bob, asha, dart, zomato, berlin, zoe}, []string{dart, asha, bob, zoe, berlin, zomato}, false},
			{"Tag", []string{bob, zoe, berlin, asha, zomato, dart}, []string{asha, berlin, zoe, bob, dart, zomato}, false},
			{"Added", []string{asha, bob, zomato, dart, berlin, zoe}, []string{zoe, berlin, dart, zomato, bob, asha}, true},
		} {
			links, _ := sortHeads(b.Open(path+"?sort=updated").PageText(t, 200))
			if tt.column == "Added" { // where it is not the one that shows the change
				links, _ = sortHeads(b.Open(path+"?sort=name").PageText(t, 200))
			}
			first, second, up, down := tt.up, tt.down, "ascending", "descending"
			if tt.downFirst {
				first, second, up, down = second, first, down, up
			}
			page := b.Open(links[tt.column]).PageText(t, 200)
			links, sorted := sortHeads(page)
			if got := titles(page); !slices.Equal(got, first) || sorted != tt.column+" "+up {
				t.Errorf("%s: %s has %q, want %q", path, sorted, got, first)
			}
			page = b.Open(links[tt.column]).PageText(t, 200)
			links, sorted = sortHeads(page)
			if got := titles(page); !slices.Equal(got, second) || sorted != tt.column+" "+down {
				t.Errorf("%s: %s has %q, want %q", path, sorted, got, second)
			}
			if page = b.Open(links[tt.column]).PageText(t, 200); !slices.Equal(titles(page), first) {
				t.Errorf("%s: a third press shows %q, want %q", path, titles(page), first)
			}
		}
	}
	// The filter stays.
	links, _ := sortHeads(b.Open("/contacts?q=o&country=91&sort=name").PageText(t, 200))
	if got := links["Name"]; got != "/contacts?country=91&q=o&sort=-name" {
		t.Errorf("the head leads to %s", got)
	}
}

// titles are what the rows of a page are called.
func titles(page string) []string {
	names := rows(page)
	for i, name := range names {
		names[i] = strings.TrimSpace(html.UnescapeString(anyTag.ReplaceAllString(name, "")))
	}
	return names
}

var anyTag = regexp.MustCompile(`<span class="unseen">.*?</span>|<[^>]*>`)

// TestGoToRow goes to rows by their numbers, while others come and go.
func TestGoToRow(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	var contacts []string
	for i := range 230 {
		contacts = append(contacts, fmt.Sprintf(`{"number": "+9198%08d", "first_name": "P%03d"}`, 10_000_000+i, i+1))
	}
	c.Create(contacts...)
	from := func(page string, row int) {
		t.Helper()
		names := rows(page)
		to := row + len(names) - 1
		has(t, page, fmt.Sprintf("%d to %d of 230 contacts", row, to))
		if want := fmt.Sprintf("P%03d", row); len(names) == 0 || names[0] != want {
			t.Errorf("the page begins with %q, want %s", names, want)
		}
	}
	for _, sort := range []string{"created", "name", "number"} {
		at := "/contacts?sort=" + sort
		for typed, row := range map[string]int{"120": 120, "1": 1, "+0120": 120, "1 2 3": 123, "1,7.8": 178, "181": 181, "200": 200, "230": 230, "0": 1, "": 1, "x": 1} {
			from(b.Open(at+"&row="+strings.ReplaceAll(strings.ReplaceAll(typed, "+", "%2B"), " ", "+")).PageText(t, 200), row)
		}
		page := b.Open(at+"&row=900").PageText(t, 200) // there are not so many
		from(page, 201)
		page = b.Open(pageLink(page, "prev")).PageText(t, 200)
		from(page, 151)
		page = b.Open(at+"&row=12").PageText(t, 200)
		from(b.Open(pageLink(page, "prev")).PageText(t, 200), 1)
		page = b.Open(pageLink(page, "next")).PageText(t, 200)
		from(page, 62)
		from(b.Open(pageLink(page, "prev")).PageText(t, 200), 12)
	}
	// All behind the place are gone: the last page is shown, and not none.
	page := b.Open("/contacts?sort=created&row=181").PageText(t, 200)
	next := pageLink(b.Open("/contacts?sort=created&row=131").PageText(t, 200), "next")
	for _, sid := range sids(page) {
		c.Send("DELETE", "/contacts/"+sid, "")
	}
	has(t, b.Open(next).PageText(t, 200), "151 to 180 of 180 contacts")
}

// sids are those of the rows of a page.
func sids(page string) (all []string) {
	for _, m := range rowName.FindAllStringSubmatch(page, -1) {
		all = append(all, m[1])
	}
	return all
}

// TestPageSize chooses how many rows a page has, which the browser remembers.
func TestPageSize(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	var contacts, refs []string
	for i := range 230 {
		contacts = append(contacts, fmt.Sprintf(`{"number": "+9198%08d", "first_name": "P%03d"}`, 10_000_000+i, i+1))
	}
	for _, item := range c.Create(contacts...) {
		refs = append(refs, item.Data.SID)
	}
	list := c.CreateList("all")
	c.Add(list.SID, refs...)
	for _, path := range []string{"/contacts", "/lists/" + list.SID} {
		for _, size := range []int{25, 100, 200, 50} {
			there := path + "?row=60&sort=name"
			b.Open(fmt.Sprintf("%s&rows=%d", there, size)).Redirect(t, there)
			page := b.Open(there).PageText(t, 200)
			has(t, page, fmt.Sprintf("<option selected>%d</option>", size), fmt.Sprintf("60 to %d of 230", min(60+size-1, 230)))
			has(t, b.Open(path).PageText(t, 200), fmt.Sprintf("1 to %d of 230", size))
			has(t, b.Open(path+"?page=last").PageText(t, 200), fmt.Sprintf("%d to 230 of 230", 229/size*size+1))
		}
		for _, wrong := range []string{"", "0", "51", "1000000", "x"} {
			b.Open(path+"?rows="+wrong).Redirect(t, path)
			has(t, b.Open(path).PageText(t, 200), "1 to 50 of 230")
		}
	}
}
