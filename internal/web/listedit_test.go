package web_test

import (
	"net/url"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestEditListConflict has two browsers that edit the same list.
func TestEditListConflict(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	c := s.Account("demo")
	first, second := s.SignedIn("demo"), s.SignedIn("demo")
	list := c.CreateList("Diwali")
	path := "/lists/" + list.SID
	opened := hidden(t, first.Open(path+"/edit").PageText(t, 200), "updated")
	edited := func(name, tag, updated string) url.Values {
		return url.Values{"name": {name}, "tag": {tag}, "updated": {updated}}
	}
	// Contacts that come meanwhile are nothing that the form shows.
	c.Add(list.SID, c.CreateOne(`{"number": "9876543210"}`).SID)
	second.Submit(path, edited("Diwali", "2026", opened)).Redirect(t, path)
	if got := c.Get(c.Path(path)).List(t); got.Name != "Diwali" || *got.Tag != "2026" {
		t.Errorf("the list is %+v: a name that was not touched was changed, or the tag was not", got)
	}

	page := first.Submit(path, edited("Diwali 2026", "", opened)).PageText(t, 409)
	has(t, page, "Somebody else changed this list meanwhile", `<td class="typed">Diwali</td><td class="typed">Diwali 2026</td>`,
		`<td class="typed">2026</td><td class="typed"><span class="muted">empty</span></td>`, "Save mine over theirs", "Take theirs")
	if got := c.Get(c.Path(path)).List(t); got.Name != "Diwali" {
		t.Errorf("the list is %+v", got)
	}
	// A third change comes while the first looks at the second's.
	c.Send("PUT", path, `{"name": "Holi"}`)
	page = first.Submit(path, edited("Diwali 2026", "", hidden(t, page, "updated"))).PageText(t, 409)
	has(t, page, `<td class="typed">Holi</td><td class="typed">Diwali 2026</td>`)
	// Who has seen it all may save.
	first.Submit(path, edited("Diwali 2026", "", hidden(t, page, "updated"))).Redirect(t, path)
	if got := c.Get(c.Path(path)).List(t); got.Name != "Diwali 2026" || got.Tag != nil {
		t.Errorf("the list is %+v", got)
	}
	// Two who type the same have no conflict.
	first.Submit(path, edited("Diwali 2026", "", opened)).Redirect(t, path)
	has(t, first.Open(path).PageText(t, 200), "Somebody else saved the very same meanwhile.")

	// What was typed for a list that was deleted is not lost either.
	c.Send("DELETE", path, "")
	page = first.Submit(path, edited("Holi", "spring", opened)).PageText(t, 409)
	has(t, page, "Somebody deleted this list while you edited it", `action="/lists"`, `value="Holi"`, `value="spring"`)
	if strings.Contains(page, `name="updated"`) {
		t.Error("the form is still that of the old list")
	}
}
