package storetest

import (
	"pgregory.net/rapid"

	"callbook/internal/trash"
)

// keeper is the Keeper through which searches of the trash go, which a store does not
// take raw.
func keeper(s Stores) *trash.Keeper {
	return trash.NewKeeper(s.Trash, patching(s.Contacts, moment()), trash.Options{})
}

func (m *model) restore(rt *rapid.T) {
	o := m.owner(rt)
	sids := drawSIDs(rt, o.contacts, m.other(o).contacts, 6)
	compare(rt, m, o, func(next *memory) ([]trash.ContactResult, error) {
		return next.restore(sids), nil
	}, func() (results []trash.ContactResult, err error) {
		err = m.Trash.RestoreContacts(rt.Context(), o.acct.ID, sids, Told(&results))
		return results, err
	})
}

func (m *model) restoreLists(rt *rapid.T) {
	o := m.owner(rt)
	sids := drawSIDs(rt, o.lists, m.other(o).lists, 4)
	compare(rt, m, o, func(next *memory) ([]trash.ListResult, error) {
		return next.restoreLists(sids), nil
	}, func() (results []trash.ListResult, err error) {
		err = m.Trash.RestoreLists(rt.Context(), o.acct.ID, sids, Told(&results))
		return results, err
	})
}

func (m *model) erase(rt *rapid.T) {
	o := m.owner(rt)
	sids := drawSIDs(rt, o.contacts, m.other(o).contacts, 2)
	compare(rt, m, o, func(next *memory) ([]trash.ContactResult, error) {
		return eachOf(sids, next.erase), nil
	}, func() (results []trash.ContactResult, err error) {
		err = m.Trash.EraseContacts(rt.Context(), o.acct.ID, sids, Told(&results))
		return results, err
	})
}

func (m *model) eraseLists(rt *rapid.T) {
	o := m.owner(rt)
	sids := drawSIDs(rt, o.lists, m.other(o).lists, 1)
	compare(rt, m, o, func(next *memory) ([]trash.ListResult, error) {
		return eachOf(sids, next.eraseList), nil
	}, func() (results []trash.ListResult, err error) {
		err = m.Trash.EraseLists(rt.Context(), o.acct.ID, sids, Told(&results))
		return results, err
	})
}

// purge deletes what is older than something in the trash, a few rows a transaction.
func (m *model) purge(rt *rapid.T) {
	o := m.owner(rt)
	if len(o.memory.trashed) == 0 || rapid.IntRange(0, 3).Draw(rt, "purge") != 3 {
		rt.Skip()
	}
	before := rapid.SampledFrom(o.memory.trashed).Draw(rt, "before").Deletion
	want, got := o.memory.purge(before), trash.Purged{}
	for more := true; more; {
		some, err := m.Trash.Purge(rt.Context(), o.acct.ID, before, 2)
		if err != nil {
			rt.Fatalf("purge: %v", err)
		}
		got.Contacts += some.Contacts
		got.Lists += some.Lists
		more = some.More
	}
	if got != want {
		rt.Fatalf("purged %+v, want %+v", got, want)
	}
}

// trashAnswers reads all of an account's trash, and a page of it.
func (m *model) trashAnswers(rt *rapid.T, o *owner) {
	k := keeper(m.Stores)
	q := trash.Query{Limit: 100}
	for range 2 {
		page, err := k.Contacts(rt.Context(), o.acct, q)
		if err != nil {
			rt.Fatalf("%+v: %v", q, err)
		}
		same(rt, "contacts in the trash", page, o.memory.trashedContacts(q))
		lists, err := k.Lists(rt.Context(), o.acct, q)
		if err != nil {
			rt.Fatalf("%+v: %v", q, err)
		}
		same(rt, "lists in the trash", lists, o.memory.trashedListPage(q))
		q = trash.Query{Limit: rapid.IntRange(1, 3).Draw(rt, "limit of trash"), Search: rapid.SampledFrom([]string{"", "ada", "0", "v"}).Draw(rt, "search of trash")}
		if some := page.Items; len(some) > 0 && rapid.Bool().Draw(rt, "after") {
			at := contactAt(&some[rapid.IntRange(0, len(some)-1).Draw(rt, "place")])
			q.After = &at
		}
		if some := page.Items; len(some) > 0 && rapid.IntRange(0, 2).Draw(rt, "of one deletion") == 2 {
			q.Deletion = some[0].Deletion
		}
	}
	for _, c := range o.memory.trashed {
		if o.memory.contact(c.SID) != nil {
			rt.Fatalf("contact %v is in the trash and there", c.SID)
		}
	}
}
