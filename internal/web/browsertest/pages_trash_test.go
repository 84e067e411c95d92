package browsertest

import "testing"

// trashPages are the pages of what was deleted, in a world of their own. The first one
// deletes something.
var trashPages = []page{
	{name: "trash-empty", path: at("/trash")},
	{name: "trash", path: func(w *world) string {
		all := w.client.Get(w.client.Path("/contacts?limit=5")).Page(w.t).Response
		for _, item := range all {
			w.client.Send("DELETE", "/contacts/"+item.Data.SID, "")
		}
		for _, item := range w.client.Get(w.client.Path("/lists?limit=2")).ListPage(w.t).Response {
			w.client.Send("DELETE", "/lists/"+item.Data.SID, "")
		}
		return "/trash"
	}},
	{name: "trash-lists", path: at("/trash/lists")},
	{name: "trash-deletion", path: at("/trash"), before: func(b *tab) { b.follow("tbody tr a") }},
	{name: "trash-erase", path: at("/trash"), before: func(b *tab) {
		b.click("tbody tr:nth-child(1) input")
		b.follow("button[value=erase]")
	}},
	{name: "trash-emptying", path: at("/trash/empty")},
	{name: "contact-deleted", path: at("/contacts"), before: func(b *tab) {
		b.click("tbody tr:nth-child(1) input")
		b.follow("button[value=delete]")
		b.follow("main form .danger")
	}},
}

func TestTrashPages(t *testing.T) { newWorld(t).look(t, trashPages) }
