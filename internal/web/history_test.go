package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// TestHistory changes things by the API and on pages, and reads about it.
func TestHistory(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	made := c.Create(`{"number":"+919876543210","first_name":"Asha"}`, `{"number":"+919876543211"}`)
	asha := made[0].Data.SID
	list := c.CreateList("Diwali")
	b := s.SignedIn("demo")
	b.Follow(b.Submit("/contacts/"+asha+"/lists", url.Values{"name": {"Diwali"}})).PageText(t, 200)
	b.Follow(b.Submit("/contacts/"+asha+"/delete", nil)).PageText(t, 200)
	s.Browser().Submit("/signin", url.Values{"key": {"x"}, "token": {"y"}})

	page := b.Open("/history").PageText(t, 200)
	has(t, page, "Added 2 contacts")
	has(t, page, "Made 1 list")
	has(t, page, "Put into a list: 1 contact")
	has(t, page, "Deleted 1 contact")
	has(t, page, "Signed in 1 browser")
	has(t, page, "API key")
	has(t, page, "Dashboard")
	has(t, page, "127.0.0.1")
	for _, text := range []string{"Asha", "98765", "Diwali"} {
		if strings.Contains(page, text) {
			t.Errorf("the history has %q", text)
		}
	}
	rows := func(query string) int {
		return strings.Count(b.Open("/history?"+query).PageText(t, 200), `data-label="When"`)
	}
	for query, want := range map[string]int{
		"what=members.": 1, "what=contacts.&who=session": 1, "who=session": 2, "from=2001-01-01&till=2001-02-01": 0, "before=x&what=lists.": 1,
		"of=" + asha: 3, "of=" + made[1].Data.SID: 1, "of=" + list.SID: 2,
	} {
		if got := rows(query); got != want {
			t.Errorf("%s: %d rows, want %d", query, got, want)
		}
	}
	has(t, b.Open("/contacts/"+made[1].Data.SID).PageText(t, 200), "Added 2 contacts")
	has(t, b.Open("/lists/"+list.SID).PageText(t, 200), "Put into a list: 1 contact")

	for i := range 60 {
		c.Send("PUT", "/contacts/"+made[1].Data.SID, `{"tag":"`+fmt.Sprint(i)+`"}`)
	}
	first := b.Open("/history?what=contacts.").PageText(t, 200)
	has(t, first, `rel="next">Older`)
	has(t, b.Open(link(t, first, "Older")).PageText(t, 200), "Newest")
}

// link returns the address of the link with this text.
func link(t *testing.T, page, text string) string {
	t.Helper()
	before, _, ok := strings.Cut(page, ">"+text+"</a>")
	if !ok {
		t.Fatalf("there is no link %q", text)
	}
	_, address, _ := strings.Cut(before[strings.LastIndex(before, "<a "):], `href="`)
	address, _, _ = strings.Cut(address, `"`)
	return strings.ReplaceAll(address, "&amp;", "&")
}
