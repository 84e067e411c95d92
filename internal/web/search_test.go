package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestSearchEverything finds each kind of thing, the account's own only.
func TestSearchEverything(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	c, b := s.Account("demo"), s.SignedIn("demo")
	asha := c.CreateOne(`{"number":"+919876543210","first_name":"Asha","last_name":"Rao","company_name":"Exotel"}`).SID
	firm := c.CreateOne(`{"number":"+918012345678","company_name":"Rao & Söhne"}`).SID
	more := make([]string, 7)
	for i := range more {
		more[i] = fmt.Sprintf(`{"number":"+9198000%05d","first_name":"Kavya"}`, i)
	}
	c.Create(more...)
	list := c.CreateList("Diwali Rao").SID
	for i := range 6 {
		c.CreateList(fmt.Sprint("Kavya's ", i))
	}
	up := c.Upload("Leads", "number\n+919876543210\n")
	c.Await(up)
	other := s.Account("other")
	other.CreateOne(`{"number":"+919876543210","first_name":"Rao of another account"}`)
	other.CreateList("Rao of another account")
	ask := func(q string) string { return b.Open("/search?q="+url.QueryEscape(q)).PageText(t, 200) }

	page := ask("rao asha")
	has(t, page, `href="/contacts/`+asha+`"`)
	reads(t, page, "1 result", "Asha Rao +91 98765 43210 · Exotel")
	// Whoever is called so comes before those of whom only another text has the words.
	var named []string
	for i := range 6 {
		named = append(named, fmt.Sprintf(`{"number":"+9198001%05d","company_name":"Iyer","email":"omar.%d@example.com"}`, i, i))
	}
	omar := c.CreateOne(`{"number":"+919800200000","first_name":"Ömar","last_name":"Iyer"}`).SID
	c.Create(named...)
	page = ask("iyer omar")
	if has(t, page, "All contacts that match"); strings.Index(page, omar) > strings.Index(page, `href="/contacts/`)+20 {
		t.Error("the one with the name is not the first")
	}
	page = ask("RAO")
	has(t, page, `href="/contacts/`+asha+`"`, `href="/contacts/`+firm+`"`, `href="/lists/`+list+`"`)
	reads(t, page, "3 results", "Diwali Rao 0 contacts")
	if strings.Contains(page, "another account") {
		t.Error("another account's are found")
	}
	for _, number := range []string{"+919876543210", "098765 43210", "98765", "43210"} {
		has(t, ask(number), `href="/contacts/`+asha+`"`)
	}
	page = ask("kavya")
	has(t, page, `href="/contacts?q=kavya"`, `href="/lists?q=kavya"`)
	reads(t, page, "All contacts that match", "All 6 lists that match", "10 results")
	has(t, ask("contacts csv"), `href="/imports/`+up.ID+`"`)
	reads(t, ask("contacts.csv"), "contacts.csv Done")
	page = ask("delete contacts")
	has(t, page, `href="/api/reference/deleteContacts"`)
	has(t, ask("api sett"), `href="/api"`)
	has(t, ask(""), `href="/contacts/new"`, `href="/lists"`, `href="/keyboard"`)
	if strings.Contains(ask(""), "/api/reference/deleteContacts") {
		t.Error("the reference is shown to who asks for nothing")
	}
	page = ask(hostile + " nobody")
	reads(t, page, "Nothing has “"+hostile+" nobody” in it.")
	if strings.Contains(page, hostile) {
		t.Error("what is searched for is part of the page's markup")
	}
	// Longer than any search, and what no text has.
	ask(strings.Repeat("a b ", 300))
	b.Open("/search?q=%00%ff").PageText(t, 200)
	piece := b.Do("GET", "/search?q=asha", nil, "HX-Request", "true").PageText(t, 200)
	if !strings.Contains(piece, asha) || strings.Contains(piece, "<html") {
		t.Errorf("the piece is %s", piece)
	}
	reads(t, b.Open("/keyboard").PageText(t, 200), "Send the form that one is in")
}
