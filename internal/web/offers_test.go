package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// TestOffers: the fields for a tag and a list offer what is there, by a part of it in
// any case, and say where names differ only in case.
func TestOffers(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	c.Create(`{"number": "9876543210", "tag": "Lead"}`, `{"number": "9876543211", "tag": "\"><b>VIP"}`, `{"number": "9876543212", "tag": "Lead"}`,
		`{"number": "9876543213", "tag": "LEAD"}`, `{"number": "9876543214", "tag": "Große"}`, `{"number": "9876543215"}`)
	for i := range 25 {
		c.CreateList(fmt.Sprintf("List %02d", i))
	}
	there := c.CreateList("Diwali")
	c.CreateList("diwali")
	has(t, b.Open("/contacts").PageText(t, 200), `list="tags"`, `<datalist id="tags" hx-get="/contacts/tags"`, `<datalist id="lists" hx-get="/contacts/lists"`)
	offered := func(path string) string {
		t.Helper()
		return b.Do("GET", path, nil, "HX-Request", "true").PageText(t, 200)
	}
	for path, want := range map[string]string{
		"/contacts/tags?tag=ea":    `<option value="Lead">2 contacts, and there is “LEAD”</option><option value="LEAD">1 contact, and there is “Lead”</option>`,
		"/contacts/tags?tag=ROSSE": `<option value="Große">1 contact</option>`,
		"/contacts/tags?value=%22": offered("/contacts/tags"), // quotes are none of the tag
		"/contacts/tags?tag=vip":   `<option value="&#34;&gt;&lt;b&gt;VIP">1 contact</option>`,
		"/contacts/tags?tag=x":     ``,
		"/contacts/lists?list=IWA": `<option value="diwali">0 contacts, and another differs only in case</option><option value="Diwali">0 contacts, and another differs only in case</option>`,
		"/contacts/lists?name=24":  `<option value="List 24">0 contacts</option>`,
	} {
		if got := offered(path); got != want {
			t.Errorf("%s offers %s, want %s", path, got, want)
		}
	}
	if n := strings.Count(offered("/contacts/lists?list=list"), "<option"); n != 20 {
		t.Errorf("%d lists are offered", n)
	}
	b.Open("/contacts/tags").Redirect(t, "/contacts")
	b.Open("/contacts/lists").Redirect(t, "/lists")

	// They are pointed out where they are shown, with what to do.
	has(t, b.Open("/lists").PageText(t, 200), "differ only in case", `<a href="/lists/`+there.SID+`">“Diwali”</a>`)
	has(t, b.Open("/?plots=now").PageText(t, 200), "differ only in case", `href="/contacts?tag_is=LEAD"`, "set the tag “Lead”")
	if page := b.Open("/contacts?"+url.Values{"tag": {`"LEAD"`}}.Encode()).PageText(t, 200); len(rows(page)) != 1 {
		t.Errorf("with the tag to the letter there are %q", rows(page))
	}
}

// TestExportOfParts exports what a part of a tag and of several lists' names finds.
func TestExportOfParts(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	items := c.Create(`{"number": "9876543210", "tag": "Lead"}`, `{"number": "9876543211", "tag": "LEADER"}`, `{"number": "9876543212", "tag": "Lead"}`)
	for i, name := range []string{"Diwali", "diwali 2"} {
		c.Add(c.CreateList(name).SID, items[i].Data.SID)
	}
	file := string(b.Open("/contacts/export?tag=lead&list=DIWALI").Body)
	if strings.Count(file, "\n") != 3 || !strings.Contains(file, "+919876543210") || !strings.Contains(file, "+919876543211") {
		t.Errorf("the file is\n%s", file)
	}
}
