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

	edit := regexp.MustCompile(`href="(` + path + `/edit\?from=[^"]*)"`).FindStringSubmatch(b.Open(link[1]).PageText(t, 200))
	if edit == nil {
		t.Fatal("the way to the form does not say where somebody came from")
	}
	form := b.Open(edit[1]).PageText(t, 200)
	action := regexp.MustCompile(`action="(` + path + `\?from=[^"]*)"`).FindStringSubmatch(form)
	if action == nil {
		t.Fatalf("the form does not say where somebody came from:\n%s", form)
	}
	saved := b.Submit(action[1], url.Values{"number": {"+919876000000"}, "updated": {hidden(t, form, "updated")}})
	has(t, b.Open(saved.Header.Get("Location")).PageText(t, 200), back)

	deleted := b.Submit(path+"/delete?"+query, nil)
	page = b.Open(deleted.Header.Get("Location")).PageText(t, 200)
	has(t, page, `<a class="button primary" href="/contacts?sort=name&amp;tag=T1">Back to the table`, `name="from" value="/contacts?sort=name&amp;tag=T1"`)
	b.Submit("/trash/restore", url.Values{"deletion": {hidden(t, page, "deletion")}})

	both := b.Submit("/contacts/selected/delete", url.Values{"do": {"delete"}, "sid": sids[2:4], "tag": {"T1"}, "count": {"2"}})
	page = b.Open(both.Header.Get("Location")).PageText(t, 200)
	undone := b.Submit("/trash/restore", url.Values{"deletion": {hidden(t, page, "deletion")}, "from": {hidden(t, page, "from")}})
	if to := undone.Header.Get("Location"); to != "/contacts?tag=T1" {
		t.Errorf("undone, it leads to %q", to)
	}

	if page := b.Open(path).PageText(t, 200); strings.Contains(page, "Back to the table") {
		t.Error("it leads back to where nobody came from")
	}
	has(t, b.Open(path+"?from=https://example.com/").PageText(t, 200), `<a href="/contacts#c`+sids[1])
}
