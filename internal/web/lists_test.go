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

var listName = regexp.MustCompile(`<td class="main"><a href="/lists/[0-9a-f]{32}">(.*?)</a></td>`)

func TestLists(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	has(t, b.Open("/lists").PageText(t, 200), "There is no list yet", `href="/lists/new"`)
	for _, form := range []url.Values{{"name": {""}}, {"name": {strings.Repeat("x", 256)}}, {"name": {"a\x00"}}, {"name": {"fine"}, "tag": {strings.Repeat("x", 256)}}} {
		if page := b.Submit("/lists", form).PageText(t, 422); strings.Count(page, `class="error"`) != 1 {
			t.Errorf("%.40v: %s", form, page)
		}
	}
	path := b.Submit("/lists", url.Values{"name": {" Diwali "}, "tag": {"2026"}}).Header.Get("Location")
	has(t, b.Open(path).PageText(t, 200), "Made the list Diwali.", "Nobody is in this list yet", "2026")
	has(t, b.Submit("/lists", url.Values{"name": {"Diwali"}}).PageText(t, 422), "Another list has this name.")

	c.CreateList("Other")
	has(t, b.Open(path+"/edit").PageText(t, 200), `value="Diwali"`, `value="2026"`)
	updated := hidden(t, b.Open(path+"/edit").PageText(t, 200), "updated")
	edited := func(name, tag string) url.Values {
		return url.Values{"name": {name}, "tag": {tag}, "updated": {updated}}
	}
	has(t, b.Submit(path, edited("Other", "2026")).PageText(t, 422), "Another list has this name.", `value="Other"`)
	has(t, b.Submit(path, edited("", "2026")).PageText(t, 422), "Enter the list&#39;s name.")
	b.Submit(path, edited("Holi", "")).Redirect(t, path)
	list := c.Get(c.Path(path)).List(t)
	if list.Name != "Holi" || list.Tag != nil {
		t.Errorf("the list is %+v", list)
	}

	contact := c.CreateOne(`{"number": "9876543210", "first_name": "Asha"}`)
	c.Add(list.SID, contact.SID)
	has(t, b.Open(path+"/delete").PageText(t, 200), "Its 1 contact stays in the address book.")
	to := b.Submit(path+"/delete", nil).Header.Get("Location")
	has(t, b.Open(to).PageText(t, 200), "Deleted the list Holi.", "Restore all of it")
	has(t, b.Open("/lists").PageText(t, 200), "Other")
	if c.Total() != 1 {
		t.Error("the contact went with its list")
	}
	for _, rest := range []string{"", "/edit", "/delete", "/add"} {
		b.Open(path+rest).PageText(t, 404)
	}
	for _, rest := range []string{"/delete", "/add", "/remove"} {
		b.Submit(path+rest, url.Values{"name": {"x"}, "numbers": {"9876543210"}, "sid": {contact.SID}}).PageText(t, 404)
	}
}

func TestListsPages(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	drafts := make([]string, 70)
	for i := range drafts {
		drafts[i] = fmt.Sprintf(`{"name": "L%02d"}`, i*33%70)
	}
	c.Send("POST", "/lists", `{"lists":[`+strings.Join(drafts, ",")+`]}`)
	names := func(page string) (names []string) {
		for _, m := range listName.FindAllStringSubmatch(page, -1) {
			names = append(names, html.UnescapeString(m[1]))
		}
		return names
	}
	first := b.Open("/lists?sort=name").PageText(t, 200)
	second := b.Open(pageLink(first, "next")).PageText(t, 200)
	both := slices.Concat(names(first), names(second))
	if len(names(first)) != 50 || len(both) != 70 || !slices.IsSorted(both) || pageLink(second, "next") != "" {
		t.Errorf("the lists are %q", both)
	}
	if back := b.Open(pageLink(second, "prev")).PageText(t, 200); !slices.Equal(names(back), names(first)) {
		t.Errorf("the page before the second is %q", names(back))
	}
	found := b.Do("GET", "/lists?q=l6&sort=-name", nil, "HX-Request", "true")
	page := found.PageText(t, 200)
	if got := names(page); len(got) != 10 || got[0] != "L69" || strings.Contains(page, "<html") || found.Header.Get("HX-Push-Url") != "/lists?q=l6&sort=-name" {
		t.Errorf("the search found %q", got)
	}
	has(t, b.Open("/lists?q=nothing").PageText(t, 200), "No list matches")
}

func TestListMembers(t *testing.T) {
	t.Parallel()
	c, b, sids := crowd(t, 60)
	list := c.CreateList("list")
	c.Add(list.SID, sids...)
	path := "/lists/" + list.SID
	page := b.Open(path).PageText(t, 200)
	has(t, page, "60 contacts", "Remove from the list", `name="of" value="`+list.SID+`"`)
	if len(rows(page)) != 50 || !strings.HasPrefix(pageLink(page, "next"), path+"?after=") {
		t.Errorf("the page has %d rows, the next is at %s", len(rows(page)), pageLink(page, "next"))
	}
	if got := rows(b.Open(path+"?q=P00&tag=T1&sort=name").PageText(t, 200)); !slices.Equal(got, []string{"P001", "P004", "P007"}) {
		t.Errorf("the search found %q", got)
	}
	b.Submit(path+"/remove", url.Values{"sid": sids[:2], "q": {"P"}}).Redirect(t, path+"?q=P")
	has(t, b.Open(path).PageText(t, 200), "Removed 2 contacts from the list. The contacts themselves stay.", "58 contacts")
	b.Submit(path+"/remove", url.Values{"q": {"P"}}).Redirect(t, path+"?q=P")
	has(t, b.Open(path).PageText(t, 200), "No contact is selected.")
	// Of the list's members, all that match.
	b.Submit("/contacts/selected/tag", url.Values{"all": {"1"}, "of": {list.SID}, "value": {"member"}}).Redirect(t, path)
	if n := tagged(t, c, "member"); n != 58 {
		t.Errorf("%d contacts are tagged", n)
	}

	// From a contact's page.
	person := "/contacts/" + sids[5]
	has(t, b.Open(person).PageText(t, 200), `<a href="`+path+`">list</a>`)
	has(t, b.Open(person).PageText(t, 200), `<span class="muted">added on <time`)
	b.Submit(person+"/lists/"+list.SID+"/leave", nil).Redirect(t, person)
	has(t, b.Open(person).PageText(t, 200), "Removed from the list.", "Not in any list yet.")
	b.Submit(person+"/lists", url.Values{"name": {"list"}}).Redirect(t, person)
	has(t, b.Open(person).PageText(t, 200), "Added to list.")
	has(t, b.Follow(b.Submit(person+"/lists", url.Values{"name": {"list"}})).PageText(t, 200), "It was in list already.")
	has(t, b.Submit(person+"/lists", url.Values{"name": {" "}}).PageText(t, 422), "Enter the list&#39;s name.")
	b.Submit(person+"/lists", url.Values{"name": {"fresh"}}).Redirect(t, person)
	has(t, b.Open(person).PageText(t, 200), "Added to fresh, which is a new list.")
}

var addedLine = regexp.MustCompile(`(?s)<td class="number muted" data-label="Line">(\d+)</td>\s*<td class="digits cut">(.*?)</td>\s*<td><span class="badge (\w*)">(.*?)</span></td>`)

func TestPasteNumbers(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	there := c.Create(`{"number": "9876543210", "first_name": "Asha"}`, `{"number": "9820098200"}`)
	list := c.CreateList("list")
	c.Add(list.SID, there[1].Data.SID)
	path := "/lists/" + list.SID + "/add"
	has(t, b.Open(path).PageText(t, 200), `name="numbers"`, "checked")
	paste := func(numbers string, create bool) (outcomes []string) {
		form := url.Values{"numbers": {numbers}}
		if create {
			form.Set("create", "1")
		}
		for _, m := range addedLine.FindAllStringSubmatch(b.Follow(b.Submit(path, form)).PageText(t, 200), -1) {
			outcomes = append(outcomes, html.UnescapeString(m[1]+" "+m[2]+": "+m[4]))
		}
		return outcomes
	}
	const numbers = "98765 43210\r\n\r\n  +919820098200 \r\nnumber\r\n+14155550123\r\n09876543210\r\n+1 415-555-0123"
	want := []string{
		"1 98765 43210: Added",
		"3 +919820098200: In the list already",
		"4 number: No telephone number",
		"5 +14155550123: Not in the address book",
		"6 09876543210: In the list already",
		"7 +1 415-555-0123: Not in the address book",
	}
	if got := paste(numbers, false); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if c.Total() != 2 {
		t.Errorf("there are %d contacts", c.Total())
	}
	want[0], want[3], want[5] = "1 98765 43210: In the list already", "5 +14155550123: New contact, added", "7 +1 415-555-0123: In the list already"
	if got := paste(numbers, true); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if n := c.Get(c.Path("/lists/" + list.SID)).List(t).ContactCount; n != 3 || c.Total() != 3 {
		t.Errorf("the list has %d contacts, the account %d", n, c.Total())
	}
	has(t, b.Submit(path, url.Values{"numbers": {" \r\n "}}).PageText(t, 422), "Paste at least one number.")
	has(t, b.Submit(path, url.Values{"numbers": {strings.Repeat("9876543210\n", 5001)}}).PageText(t, 422), "These are 5,001 numbers.")
}
