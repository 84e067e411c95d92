package storetest

import (
	"pgregory.net/rapid"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// check reads all that there is, one page of many kinds, and a contact and a list
// by their sids.
func (m *model) check(rt *rapid.T) {
	for _, o := range m.owners {
		m.answers(rt, o, addressbook.Query{Window: addressbook.Window{Limit: 100}, WithLists: true})
		m.listAnswers(rt, o, addressbook.ListQuery{Window: addressbook.Window{Limit: 100}})
		m.trashAnswers(rt, o)
	}
	o := m.owner(rt)
	m.bySID(rt, o)
	w := rapid.SampledFrom(sorts).Draw(rt, "order")
	w.Offset, w.Limit = rapid.IntRange(0, 4).Draw(rt, "offset"), rapid.IntRange(1, 5).Draw(rt, "limit")
	part := rapid.SampledFrom([]string{"", "", "A", "ë", "_", "%", "РИС", "a a"}).Draw(rt, "part")
	search := rapid.SampledFrom([]string{"", "", "e a", "рис", "0 1"}).Draw(rt, "search")
	q := addressbook.Query{Window: w, Name: part, Search: search, WithLists: rapid.Bool().Draw(rt, "with lists")}
	if rapid.Bool().Draw(rt, "in lists") {
		q.Lists = drawSIDs(rt, o.lists, m.other(o).lists, 3)
	}
	if rapid.IntRange(0, 3).Draw(rt, "by number") == 3 {
		q.Number = drawNumber(rt).String()
	}
	// From page to page, as far as there are any.
	for range 3 {
		if q.After = m.answers(rt, o, q).Next; q.After == nil {
			break
		}
	}
	w = rapid.SampledFrom(listSorts).Draw(rt, "order of lists")
	w.Offset, w.Limit = q.Offset, q.Limit
	m.listAnswers(rt, o, addressbook.ListQuery{Window: w, Name: part})
}

// bySID reads a contact and a list that are there or not.
func (m *model) bySID(rt *rapid.T, o *owner) {
	sid := drawSID(rt, o.contacts, m.other(o).contacts)
	if got, err := m.Contacts.Contact(rt.Context(), o.acct.ID, sid); o.memory.contact(sid) == nil {
		isFault(rt, err, fault.NotFound)
	} else if same(rt, "contact", &got, o.memory.contact(sid)); err != nil {
		rt.Fatalf("read contact %v: %v", sid, err)
	}
	sid = drawSID(rt, o.lists, m.other(o).lists)
	if got, err := m.Contacts.List(rt.Context(), o.acct.ID, sid); o.memory.list(sid) == nil {
		isError(rt, "list", err, addressbook.ErrNoList)
	} else if same(rt, "list", &got, o.memory.list(sid)); err != nil {
		rt.Fatalf("read list %v: %v", sid, err)
	}
}

func (m *model) answers(rt *rapid.T, o *owner, q addressbook.Query) addressbook.Page {
	page, err := patching(m.Contacts, moment()).Contacts(rt.Context(), o.acct, q)
	if err != nil {
		rt.Fatalf("%+v: %v", q, err)
	}
	samePage(rt, q, page, o.memory.page(q))
	return page
}

func (m *model) listAnswers(rt *rapid.T, o *owner, q addressbook.ListQuery) {
	page, err := m.Contacts.Lists(rt.Context(), o.acct.ID, q)
	if err != nil {
		rt.Fatalf("%+v: %v", q, err)
	}
	same(rt, "page of lists", page, o.memory.listPage(q))
}
