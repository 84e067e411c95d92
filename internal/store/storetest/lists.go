package storetest

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"callbook/internal/addressbook"
)

// noList is the result of a list that is not there.
var noList = addressbook.ListResult{Fault: addressbook.ErrNoList}

func becameList(l addressbook.List) addressbook.ListResult { return addressbook.ListResult{List: &l} }

// lists checks that lists come back as they were given.
func lists(t *testing.T, f *fixture) {
	f.listed(t)
	var all []addressbook.List
	for i, name := range []string{
		"a", "A", "a b", " a", "%", "_", "नाम", "𝄞👩‍👩‍👧‍👦", `'"; DROP TABLE lists; --\`, "null", "é", "e\u0301",
		"line\r\nand\ttab", strings.Repeat("𝄞", addressbook.MaxTextLength),
	} {
		l := list(name) // names differ by their bytes
		l.Tag = []addressbook.Text{{}, addressbook.Given(""), addressbook.Given("अ " + name)}[i%3]
		l.Type = addressbook.ListType(i % 2)
		l.Updated = l.Created.Add(time.Duration(i))
		all = append(all, l)
	}
	old := list("old")
	old.Created, old.Updated = time.Unix(0, 0), time.Unix(0, math.MaxInt64)
	f.addLists(t, all[3:]...)
	f.addLists(t, all[:3]...)
	f.addLists(t)
	f.listed(t, all...)
	f.reopen()
	f.listed(t, all...)

	f.deleteLists(t, sidsOfLists(all)...)
	f.addLists(t, old)
	f.listed(t, old)
}

func sidsOfLists(lists []addressbook.List) (sids []addressbook.SID) {
	for _, l := range lists {
		sids = append(sids, l.SID)
	}
	return sids
}

// failedListInsert provokes a failure that every engine has: a sid that is
// taken.
func failedListInsert(t *testing.T, f *fixture) {
	old, twin := list("old"), list("new")
	twin.SID = old.SID
	f.addLists(t, old)
	if err := f.Contacts.InsertLists(t.Context(), f.account, []addressbook.List{list("before"), twin, list("after")}, nil); err == nil {
		t.Error("two lists have the same sid")
	}
	f.listed(t, old)
	f.addLists(t, list("before"), list("after"), list("new"))
}

// updateListsUnlessChanged has patches that were made on what a list was. Those
// of a list that has changed since are not applied, be it in the same call.
func updateListsUnlessChanged(t *testing.T, f *fixture) {
	l, c := list("list"), contact(firstNumber)
	f.insertAllNew(t, c)
	f.addLists(t, l)
	changed := func(now addressbook.List) addressbook.ListResult {
		return addressbook.ListResult{List: &now, Fault: addressbook.ErrListChanged}
	}
	patch := func(name string, on time.Time) addressbook.ListPatch {
		return addressbook.ListPatch{SID: l.SID, Name: set(name), IfUpdated: on}
	}

	// Members are no change of the list. The date is compared as a moment, to the
	// nanosecond.
	f.join(t, l, c)
	l.ContactCount = 1
	first := l.Updated
	results, at := f.updateLists(t, patch("one", first.In(time.FixedZone("", 19800))))
	l.Name, l.Updated = "one", at
	same(t, "results", results, []addressbook.ListResult{becameList(l)})
	results, _ = f.updateLists(t, patch("late", first), patch("late", at.Add(1)), patch("late", at.Add(-1)))
	same(t, "results", results, []addressbook.ListResult{changed(l), changed(l), changed(l)})
	f.listed(t, l)

	// The second of two sees what the first one did, the third asks for nothing.
	results, at = f.updateLists(t, patch("two", at), patch("late", at), addressbook.ListPatch{SID: l.SID, Tag: set("three")})
	l.Name, l.Updated = "two", at
	second := l
	l.Tag = addressbook.Given("three")
	same(t, "results", results, []addressbook.ListResult{becameList(second), changed(second), becameList(l)})

	// What is so already, or is not asked for, leaves the date.
	results, _ = f.updateLists(t, patch("two", at), addressbook.ListPatch{SID: l.SID, Tag: set("three")}, addressbook.ListPatch{SID: l.SID})
	same(t, "results", results, []addressbook.ListResult{becameList(l), becameList(l), becameList(l)})
	f.listed(t, l)
	gone := patch("late", at)
	gone.SID = contact(1).SID
	results, _ = f.updateLists(t, gone)
	same(t, "results", results, []addressbook.ListResult{noList})
	f.reopen()
	f.listed(t, l)
	f.addLists(t, list("late"), list("one")) // were not taken
}

func unknownList(t *testing.T, f *fixture) {
	known := list("known")
	isUnknown := func(sid addressbook.SID) {
		t.Helper()
		_, err := f.Contacts.List(t.Context(), f.account, sid)
		isError(t, sid.String(), err, addressbook.ErrNoList)
	}
	isUnknown(known.SID)
	f.addLists(t, known)
	f.listed(t, known)
	isUnknown(addressbook.SID{})
	for i := range known.SID {
		other := known.SID
		other[i] ^= 1
		isUnknown(other)
	}
	other := addAccount(t, f.Accounts, "other")
	_, err := f.Contacts.List(t.Context(), other.ID, known.SID)
	isError(t, "list of another account", err, addressbook.ErrNoList)
	listed(t, f.Contacts, other.ID)
}

// listPages reads lists by every sort field, in windows of every kind, with
// and without a name.
func listPages(t *testing.T, f *fixture) {
	var m memory
	for i, name := range []string{
		"vip", "VIP 2", "vip 10", "Zoë", "ZOË 2", "éa", "Éb", "eb", "Straße", "STRASSE 1", "Ωmega", "ωmega a",
		"ананас", "БОРИС", "आदित्य", "世界", "𝄞", "100%", "a_b", "axb", "a\\b", "10", "9",
	} {
		l := list(name)
		l.Updated = l.Created.Add(time.Duration(i*7%4) * time.Hour).Truncate(time.Hour) // ties
		m.insertLists([]addressbook.List{l})
	}
	c := contact(firstNumber)
	f.insertAllNew(t, c)
	m.insert([]addressbook.Contact{c})
	f.addLists(t, m.lists[7:]...)
	f.addLists(t, m.lists[:7]...)
	m.members = append(m.members, f.join(t, m.lists[3], c)...)
	for _, name := range []string{
		"", "v", "VIP", "vip 1", "zoë", "É", "strasse", "ß", "ΩMEGA", "борис", "АНА", "दि", "界", "𝄞", "%", "_", "\\", "0", "nobody", "a b",
	} {
		parts := windows(len(m.lists), listSorts)
		if name != "" && name != "v" {
			parts = []addressbook.Window{{Limit: 100}, {Offset: 1, Limit: 1, Sort: addressbook.ByName, Desc: true}}
		}
		for _, w := range parts {
			q := addressbook.ListQuery{Window: w, Name: name}
			page, err := f.Contacts.Lists(t.Context(), f.account, q)
			if err != nil {
				t.Fatalf("%+v: %v", q, err)
			}
			same(t, fmt.Sprintf("page %+v", q), page, m.listPage(q))
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	for _, sort := range listSorts {
		q := addressbook.ListQuery{Window: sort, Name: "A"}
		q.Limit = 3
		want := m.listPage(addressbook.ListQuery{Window: addressbook.Window{Limit: 100, Sort: q.Sort, Desc: q.Desc}, Name: q.Name})
		var walked []addressbook.List
		for {
			page, err := f.Contacts.Lists(t.Context(), f.account, q)
			if err != nil || page.Total != want.Total {
				t.Fatalf("%+v: total %d, want %d, %v", q, page.Total, want.Total, err)
			}
			walked = append(walked, page.Lists...)
			if q.After = page.Next; q.After == nil {
				break
			}
		}
		same(t, "lists from cursor to cursor", walked, want.Lists)
	}
}

// windows are parts of a collection of n, in each of these orders.
func windows(n int, sorts []addressbook.Window) (all []addressbook.Window) {
	for _, w := range sorts {
		for _, part := range [][2]int{{0, 1}, {0, n}, {1, 3}, {n - 2, 5}, {n, 1}, {math.MaxInt32, 1000}, {0, 1000}} {
			w.Offset, w.Limit = part[0], part[1]
			all = append(all, w)
		}
	}
	return all
}
