package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// TestBackToTable: from a contact there is a way back to the page of the table that
// somebody came from, with its filter, also after a list was joined and left.
func TestBackToTable(t *testing.T) {
	t.Parallel()
	c, b, sids := crowd(t, 120)
	page := b.Open("/contacts?tag=T1&sort=name").PageText(t, 200)
	link := regexp.MustCompile(`<a href="(/contacts/` + sids[1] + `\?from=[^"]*)"`).FindStringSubmatch(page)
	if link == nil {
		t.Fatalf("no link leads to the contact:\n%s", page)
	}
	const back = `<a href="/contacts?sort=name&amp;tag=T1#c`
	has(t, b.Open(link[1]).PageText(t, 200), back+sids[1]+`">Back to the table`)
	has(t, page, `<tr id="c`+sids[1]+`"`)

	path, query, _ := strings.Cut(link[1], "?")
	a := b.Submit(path+"/lists?"+query, url.Values{"name": {"Diwali"}})
	to := a.Header.Get("Location")
	has(t, b.Open(to).PageText(t, 200), "Added to Diwali", back)
	list := c.Get(c.Path("/lists")).ListPage(t).Response[0].Data.SID
	has(t, b.Open(b.Submit(path+"/lists/"+list+"/leave?"+query, nil).Header.Get("Location")).PageText(t, 200), back)

	if page := b.Open(path).PageText(t, 200); strings.Contains(page, "Back to the table") {
		t.Error("it leads back to where nobody came from")
	}
	has(t, b.Open(path+"?from=https://example.com/").PageText(t, 200), `<a href="/contacts#c`+sids[1])
}
