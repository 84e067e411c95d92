package storetest

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// results of lists that could not be changed.
var (
	noList    = addressbook.ListResult{Fault: addressbook.ErrNoList}
	nameTaken = addressbook.ListResult{Fault: addressbook.ErrNameTaken}
)

func becameList(l addressbook.List) addressbook.ListResult { return addressbook.ListResult{List: &l} }

func (f *fixture) insertLists(t *testing.T, lists ...addressbook.List) []addressbook.ListResult {
	t.Helper()
	var results []addressbook.ListResult
	err := f.Contacts.InsertLists(t.Context(), f.account, lists, Told(&results))
	if err != nil {
		t.Fatalf("insert %d lists: %v", len(lists), err)
	}
	return results
}

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

// listNames checks that an account has a name once: what comes second is
// refused, and its neighbours are not.
func listNames(t *testing.T, f *fixture) {
	other := &fixture{Stores: f.Stores, acct: addAccount(t, f.Accounts, "other")}
	other.account = other.acct.ID
	first, second, third := list("first"), list("second"), list("third")
	theirs := list("first")
	f.addLists(t, first)
	other.addLists(t, theirs)
	results := f.insertLists(t, second, list("first"), list("second"), third, list("third"))
	same(t, "results", results, []addressbook.ListResult{becameList(second), nameTaken, nameTaken, becameList(third), nameTaken})
	check := func() {
		t.Helper()
		f.listed(t, first, second, third)
		other.listed(t, theirs)
	}
	check()
	f.reopen()
	other.Stores = f.Stores
	check()
	// What a deleted list was called is free.
	f.deleteLists(t, second.SID)
	again := list("second")
	f.addLists(t, again)
	f.listed(t, first, third, again)
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

func updateLists(t *testing.T, f *fixture) {
	other := &fixture{Stores: f.Stores, acct: addAccount(t, f.Accounts, "other")}
	other.account = other.acct.ID
	a, b, theirs := list("a"), list("b"), list("theirs")
	a.Tag, a.Type = addressbook.Given("tag"), addressbook.Dynamic
	c := contact(firstNumber)
	f.insertAllNew(t, c)
	f.addLists(t, a, b)
	other.addLists(t, theirs)
	f.join(t, a, c)
	a.ContactCount = 1
	check := func(results []addressbook.ListResult, want ...addressbook.ListResult) {
		t.Helper()
		same(t, "results", results, want)
		f.listed(t, a, b)
		other.listed(t, theirs)
		if t.Failed() {
			t.FailNow()
		}
	}
	var results []addressbook.ListResult
	change := func(l *addressbook.List, p addressbook.ListPatch) {
		t.Helper()
		p.SID = l.SID
		results, l.Updated = f.updateLists(t, p)
		check(results, becameList(*l))
	}
	a.Name = "अ 𝄞"
	change(&a, addressbook.ListPatch{Name: set(a.Name)})
	for _, tag := range []addressbook.Change{set("another"), set(""), emptied, set("tag")} {
		a.Tag = tag.Text
		change(&a, addressbook.ListPatch{Tag: tag})
	}
	a.Name, a.Tag = "both", addressbook.Given("both")
	change(&a, addressbook.ListPatch{Name: set("both"), Tag: set("both")})
	change(&a, addressbook.ListPatch{Name: set("both")}) // its own name
	a.Name = "BOTH"
	change(&a, addressbook.ListPatch{Name: set("BOTH")})
	change(&a, addressbook.ListPatch{})

	// To a name that is taken, and nothing of that patch is applied; to one
	// that another account has; and to one that the patch before has left.
	results, at := f.updateLists(t,
		addressbook.ListPatch{SID: b.SID, Name: set("BOTH"), Tag: set("not to be seen")},
		addressbook.ListPatch{SID: contact(1).SID, Name: set("nobody's")},
		addressbook.ListPatch{SID: theirs.SID, Name: set("x"), Tag: set("x")},
		addressbook.ListPatch{SID: a.SID, Name: set("theirs")},
		addressbook.ListPatch{SID: b.SID, Name: set("BOTH")},
		addressbook.ListPatch{SID: b.SID, Tag: set("last")},
	)
	a.Name, a.Updated = "theirs", at
	b.Name, b.Updated = "BOTH", at
	between := b
	b.Tag = addressbook.Given("last")
	check(results, nameTaken, noList, noList, becameList(a), becameList(between), becameList(b))
	f.reopen()
	f.listed(t, a, b)
	f.insertLists(t, list("a"), list("b"), list("nobody's"))
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
	gone := patch("late", at)
	gone.SID = contact(1).SID
	results, _ = f.updateLists(t, gone)
	same(t, "results", results, []addressbook.ListResult{noList})
	f.reopen()
	f.listed(t, l)
	f.addLists(t, list("late"), list("one")) // were not taken
}

func deleteLists(t *testing.T, f *fixture) {
	other := &fixture{Stores: f.Stores, acct: addAccount(t, f.Accounts, "other")}
	other.account = other.acct.ID
	one, two, three, theirs := list("one"), list("two"), list("three"), list("one")
	all := contacts(firstNumber, 4)
	f.insertAllNew(t, all...)
	f.addLists(t, one, two, three)
	other.addLists(t, theirs)
	f.join(t, one, all[:3]...)
	f.join(t, two, all[1:]...)

	one.ContactCount, two.ContactCount = 3, 3
	results := f.deleteLists(t, one.SID, theirs.SID, contact(1).SID, three.SID, one.SID)
	same(t, "results", results, []addressbook.ListResult{becameList(one), noList, noList, becameList(three), noList})
	same(t, "results", f.deleteLists(t, one.SID), []addressbook.ListResult{noList})
	same(t, "results", f.deleteLists(t), []addressbook.ListResult{})
	_, err := f.Contacts.List(t.Context(), f.account, one.SID)
	isFault(t, err, fault.NotFound)
	results, _ = f.updateLists(t, addressbook.ListPatch{SID: one.SID, Name: set("x")})
	same(t, "results", results, []addressbook.ListResult{noList})

	// A list that comes after it has none of its members.
	again := list("one")
	f.addLists(t, again)
	check := func() {
		t.Helper()
		f.holds(t, all...)
		f.listed(t, two, again)
		f.hasMembers(t, two, all[1:]...)
		f.hasMembers(t, again)
		page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 2}, WithLists: true})
		same(t, "lists of contacts", page.Lists, [][]addressbook.ListRef{nil, {{SID: two.SID, Name: "two"}}})
		gone := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 5}, Lists: []addressbook.SID{one.SID}})
		same(t, "page of a deleted list", gone, addressbook.Page{})
	}
	check()
	f.reopen()
	other.Stores = f.Stores
	check()
	other.listed(t, theirs)
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
		parts := windows(len(m.lists))
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
	for _, sort := range sorts {
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

// sorts are all the orders there are.
var sorts = []addressbook.Window{
	{Sort: addressbook.ByCreated}, {Sort: addressbook.ByCreated, Desc: true},
	{Sort: addressbook.ByUpdated}, {Sort: addressbook.ByUpdated, Desc: true},
	{Sort: addressbook.ByName}, {Sort: addressbook.ByName, Desc: true},
}

// windows are parts of a collection of n, in every order.
func windows(n int) (all []addressbook.Window) {
	for _, w := range sorts {
		for _, part := range [][2]int{{0, 1}, {0, n}, {1, 3}, {n - 2, 5}, {n, 1}, {math.MaxInt32, 1000}, {0, 1000}} {
			w.Offset, w.Limit = part[0], part[1]
			all = append(all, w)
		}
	}
	return all
}
