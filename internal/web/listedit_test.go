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

	form := pageFields(first.Open(path+"/edit").PageText(t, 200))
	second.Submit(path, edited("Diwali", "2027", hidden(t, second.Open(path+"/edit").PageText(t, 200), "updated"))).Redirect(t, path)
	form.Set("name", "Diwali 2026")
	first.Submit(path, form).Redirect(t, path)
	has(t, first.Open(path).PageText(t, 200), "Saved. Somebody else changed Tag meanwhile, and that is kept.")
	if got := c.Get(c.Path(path)).List(t); got.Name != "Diwali 2026" || *got.Tag != "2027" {
		t.Errorf("the list is %+v", got)
	}

	form = pageFields(first.Open(path+"/edit").PageText(t, 200))
	c.Send("PUT", path, `{"name": "Holi", "tag": null}`)
	form.Set("name", "Pongal")
	page := first.Submit(path, form).PageText(t, 409)
	has(t, page, "Somebody else changed this list meanwhile", `<span class="typed">Holi</span>`, `<span class="typed">Pongal</span>`, "The rest is merged. Theirs: Tag.")
	form = pageFields(page)
	form.Set("choose.name", "theirs")
	first.Submit(path, form).Redirect(t, path)
	if got := c.Get(c.Path(path)).List(t); got.Name != "Holi" || got.Tag != nil {
		t.Errorf("the list is %+v", got)
	}
	opened = hidden(t, first.Open(path+"/edit").PageText(t, 200), "updated")
	second.Submit(path, edited("Diwali 2026", "", opened)).Redirect(t, path)

	// Two who type the same have no conflict.
	first.Submit(path, edited("Diwali 2026", "", opened)).Redirect(t, path)
	has(t, first.Open(path).PageText(t, 200), "Somebody else saved the very same meanwhile.")

	// What was typed for a list that was deleted is not lost either.
	c.Send("DELETE", path, "")
	page = first.Submit(path, edited("Holi", "spring", opened)).PageText(t, 409)
	has(t, page, "The list was deleted meanwhile", `action="/lists"`, `value="Holi"`, `value="spring"`)
	if strings.Contains(page, `name="updated"`) {
		t.Error("the form is still that of the old list")
	}
}
