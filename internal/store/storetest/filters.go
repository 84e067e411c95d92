package storetest

import (
	"fmt"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// shelf is an account with contacts and lists, and the memory of them.
type shelf struct {
	*fixture
	memory *memory
}

func newShelf(t *testing.T, f *fixture) *shelf {
	t.Helper()
	lib := &shelf{fixture: f, memory: new(memory)}
	people := [][3]string{ // first name, last name, company
		{"Ada", "Lovelace", "Analytical Engines"},
		{"ADA", "Byron", "100% Poetry"},
		{"ada", "", ""},
		{"", "Adams", "under_score"},
		{"Zoë", "Ångström", "Straße & Söhne"},
		{"ZOË", "ÅNGSTRÖM", "STRASSE"},
		{"Борис", "Годунов", "Опера"},
		{"आदित्य", "राव", "世界"},
		{"100%", "a_b", `back\slash`},
		{"100", "axb", "1000"},
		{"", "", ""},
		{"𝄞", "Σίσυφος", "ΣΊΣΥΦΟΣ"},
	}
	all := contacts(firstNumber, 3*len(people))
	for i := range all {
		c, person := &all[i], people[i%len(people)]
		c.Texts[addressbook.LastName] = addressbook.Given(person[1])
		if i%5 == 0 {
			c.Texts[addressbook.Email] = addressbook.Text{}
		} else {
			c.Texts[addressbook.FirstName], c.Texts[addressbook.CompanyName] = addressbook.Given(person[0]), addressbook.Given(person[2])
		}
		c.Texts[addressbook.Tag] = addressbook.Given([]string{"vip", "VIP", "v%p", "", "Große Straße", "É’clair"}[i%6])
		c.Updated = c.Created.Add(time.Duration(i*7%5) * time.Hour).Truncate(time.Hour)
	}
	f.insertAllNew(t, all...)
	lib.memory.insert(all)
	// Members come in no order, and overlap.
	for i, step := range []int{5, 7, 11} {
		l := list([]string{"zulu", "Alpha", "alpha"}[i])
		f.addLists(t, l)
		lib.memory.insertLists([]addressbook.List{l})
		var members []addressbook.Contact
		for at := 0; at < len(all); at += 1 + i {
			members = append(members, all[at*step%len(all)])
		}
		lib.memory.members = append(lib.memory.members, f.join(t, l, members...)...)
	}
	empty := list("empty")
	f.addLists(t, empty)
	lib.memory.insertLists([]addressbook.List{empty})
	return lib
}

// answers checks that the store answers a query as the memory does.
func (lib *shelf) answers(t *testing.T, q addressbook.Query) {
	t.Helper()
	page, err := patching(lib.Contacts, moment()).Contacts(t.Context(), lib.acct, q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	samePage(t, q, page, lib.memory.page(q))
}

func samePage(t tb, q addressbook.Query, got, want addressbook.Page) {
	t.Helper()
	if got.Total != want.Total || len(got.Contacts) != len(want.Contacts) {
		t.Fatalf("the query %+v: a page of %d, total %d, want %d, total %d",
			q, len(got.Contacts), got.Total, len(want.Contacts), want.Total)
	}
	for i, c := range got.Contacts {
		if c.SID != want.Contacts[i].SID {
			t.Fatalf("the query %+v: contact %d of %d is %v, want %v", q, i, len(got.Contacts), c, want.Contacts[i])
		}
	}
	sameContacts(t, got.Contacts, want.Contacts)
	what := fmt.Sprintf("of the query %+v", q)
	if q.WithLists || len(got.Lists) > 0 {
		same(t, "lists "+what, got.Lists, want.Lists)
	}
	same(t, "next "+what, got.Next, want.Next)
}

// inLists are what Query.Lists may be.
func (lib *shelf) inLists(t *testing.T) map[string][]addressbook.SID {
	t.Helper()
	lists := lib.memory.lists
	zulu, alpha, third, empty := lists[0].SID, lists[1].SID, lists[2].SID, lists[3].SID
	unknown := list("unknown").SID
	other := addAccount(t, lib.Accounts, "other").ID
	theirs := list("theirs")
	insertInto(t, lib.Contacts, other, contact(firstNumber))
	addListsTo(t, lib.Contacts, other, theirs)
	return map[string][]addressbook.SID{
		"any":                {},
		"one":                {zulu},
		"one twice":          {alpha, alpha},
		"two":                {zulu, third},
		"all":                {third, empty, alpha, zulu},
		"empty":              {empty},
		"unknown":            {unknown},
		"another account's":  {theirs.SID},
		"unknown and one":    {unknown, alpha, theirs.SID},
		"empty and one":      {empty, third},
		"unknown and empty":  {unknown, empty},
		"all but one, twice": {zulu, alpha, zulu, alpha},
	}
}

// pagesOfLists reads the contacts of lists by every sort field, alone and together with
// a name. Each choice of lists meets every sort field, every window and every name.
func pagesOfLists(t *testing.T, f *fixture) {
	lib := newShelf(t, f)
	parts := [][2]int{{0, 100}, {3, 4}, {12, 30}, {99, 1}}
	names := []string{"ada", "Å", "nobody"}
	for _, sids := range lib.inLists(t) {
		for i, w := range sorts { // which are more than the parts and names that take turns
			part := parts[i%len(parts)]
			w.Offset, w.Limit = part[0], part[1]
			lib.answers(t, addressbook.Query{Window: w, Lists: sids})
			w.Offset, w.Limit = 1, 7
			lib.answers(t, addressbook.Query{Window: w, Lists: sids, Name: names[i%len(names)]})
		}
	}
	// The same lists, when a nil slice lets all pass and one that holds nothing
	// lets none.
	w := addressbook.Window{Limit: 100}
	if page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: w}); page.Total != len(lib.memory.contacts) {
		t.Errorf("without lists the total is %d, want %d", page.Total, len(lib.memory.contacts))
	}
	if page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: w, Lists: []addressbook.SID{}}); page.Total != 0 {
		t.Errorf("in none of the lists there are %d contacts", page.Total)
	}
}

// pagesOfSearches reads contacts by the words of a query.
func pagesOfSearches(t *testing.T, f *fixture) {
	lib := newShelf(t, f)
	parts := []string{
		"ada", "ADA", "lace", "ada l", "ADA BYRON", "a lovelace ada", "zoë å", "ångström", "ström", "борис год", "ГОДУ", "राव", "त्य रा",
		"%", "_", `\`, "100%", "a_b", "0% a_", "σίσυφος", "ΣΊΣΥΦΟΣ", "𝄞", "𝄞 σ", "strasse", "STRASSE", "ß", "opera", "Опера", "世", "'", `"`, "*", "?", "1000",
		"@example", "5@EXAMPLE.com", "+9198", "980000000", "0001", "null", "nobody",
		"lovelace ada", "ada byron 9800", "ada  nobody", "poetry\u00a0BYRON ada", "Ада", "zoe", "ZOE angstrom sohne", "a\u030angstro\u0308m", "сисифос",
		"σισυφος", "राव आदित्य", "आदित्", "ada ada", " ", "\u0301", "-", "0", "ada 0", "98000 00001", "098000-00001", "(098000) 00001", "00 91 98000 00001",
		"+91 98000 00001", "+98000", "९८००० ००००१", "ada 098000", "98000 - 00001", "98000 00001 x", "9800000001 9800000002", "+1 98000 00001",
	}
	page := addressbook.Window{Limit: 100}
	check := func() {
		t.Helper()
		for _, part := range parts {
			lib.answers(t, addressbook.Query{Window: page, Name: part, WithLists: true})
			lib.answers(t, addressbook.Query{Window: page, Search: part})
			lib.answers(t, addressbook.Query{Window: page, Name: "a", Search: part, Lists: []addressbook.SID{lib.memory.lists[0].SID}})
		}
		for _, tag := range []string{"vip", "VIP", "vi", "v%p", "v_p", "nobody"} {
			lib.answers(t, addressbook.Query{Window: page, Tag: tag})
			lib.answers(t, addressbook.Query{Window: page, Tag: tag, Name: "A", Lists: sidsOfLists(lib.memory.lists[1:])})
		}
		for _, part := range []string{"vip", "VI", "İ", "ip", "%", "v_p", "STRASSE", "é", "nobody", " ", "\u0301"} {
			lib.answers(t, addressbook.Query{Window: page, TagPart: part})
			lib.answers(t, addressbook.Query{Window: page, TagPart: part, Tag: "VIP", Name: "A", Lists: sidsOfLists(lib.memory.lists[1:])})
		}
		for _, c := range lib.memory.contacts[:8] {
			lib.answers(t, addressbook.Query{Window: page, Email: c.Texts[addressbook.Email].Value})
			lib.answers(t, addressbook.Query{Window: page, Number: c.Number.String(), WithLists: true})
			lib.answers(t, addressbook.Query{Window: page, Number: c.Number.String(), Lists: []addressbook.SID{lib.memory.lists[0].SID}})
			lib.answers(t, addressbook.Query{Window: page, Number: c.Number.String(), Name: "ada"})
		}
		for _, email := range []string{"919800000001@EXAMPLE.COM", "919800000001@éxample.com", "919800000001@example.co", "%", "\u0301"} {
			lib.answers(t, addressbook.Query{Window: page, Email: email})
		}
		lib.answers(t, addressbook.Query{Window: page, Number: (firstNumber + 900).String()})
		lib.answers(t, addressbook.Query{Window: addressbook.Window{Offset: 1, Limit: 1}, Number: firstNumber.String()})
	}
	check()
	f.reopen()
	check()
}

// pagesOfNumbers reads the contacts whose numbers are in ranges: those of a
// calling code among numbers of every length, and any others.
func pagesOfNumbers(t *testing.T, f *fixture) {
	lib := newShelf(t, f)
	var abroad []addressbook.Contact
	for _, n := range []phone.Number{
		14155550123, 1999999, 19, 1, 2, 9, 91, 910, 919, 9199, 92, 911234567, 912345678901234, 999999999999999, 7, 77, 77012345678, 447911123456, 80012345678,
	} {
		abroad = append(abroad, contact(n))
	}
	f.insertAllNew(t, abroad...)
	lib.memory.insert(abroad)
	check := func(ranges []phone.Range) {
		t.Helper()
		for i, w := range sorts {
			w.Offset, w.Limit = 0, 100
			part := w
			part.Offset, part.Limit = 2, 3
			if i%2 == 1 {
				w, part = part, w
			}
			lib.answers(t, addressbook.Query{Window: w, Numbers: ranges})
			lib.answers(t, addressbook.Query{Window: part, Numbers: ranges, Search: "9", Lists: sidsOfLists(lib.memory.lists[:1])})
		}
	}
	for _, code := range []phone.CallingCode{1, 7, 44, 91, 800, 999} {
		check(code.Numbers())
	}
	check([]phone.Range{})
	check([]phone.Range{{From: firstNumber + 3, To: firstNumber + 5}})
	check([]phone.Range{{From: firstNumber + 5, To: firstNumber + 3}})
	check([]phone.Range{{From: 1, To: 9}, {From: 5, To: 100}, {From: 999999999999999, To: 999999999999999}})
}

// pagesOfOrigins reads the contacts whose numbers are of some regions and kinds of lines,
// those without a tag and those with other tags, in parts and along cursors.
func pagesOfOrigins(t *testing.T, f *fixture) {
	lib := newShelf(t, f)
	var abroad []addressbook.Contact
	for i, n := range []phone.Number{14155550123, 16135550123, 12005550123, 447400123456, 441481960194, 80012345678, 18005550123, 442079460958, 5, 911123456789} {
		c := contact(n)
		c.Texts[addressbook.Tag] = addressbook.Given([]string{"vip", "", "Other", "\ufffd"}[i%4])
		abroad = append(abroad, c)
	}
	abroad[0].Texts[addressbook.Tag] = addressbook.Text{}
	f.insertAllNew(t, abroad...)
	lib.memory.insert(abroad)
	some := func(in ...string) phone.Origins { return phone.Origins{In: in} }
	inOrder, latest := addressbook.Window{}, addressbook.Window{Desc: true}
	for i, filter := range []addressbook.Query{
		{Origins: some("IN")}, {Origins: some("US")}, {Origins: some("GB", "CA")}, {Origins: some("")}, {Origins: some("001", "GG")}, {Origins: some("ZZ")},
		{Origins: phone.Origins{In: []string{}}}, {Origins: phone.Origins{NotIn: []string{"US", "IN"}}},
		{Origins: phone.Origins{Lines: []phone.Line{phone.Mobile}}, Search: "9"}, {Origins: phone.Origins{Lines: []phone.Line{phone.FixedLine, phone.TollFree}}},
		{Origins: phone.Origins{Lines: []phone.Line{phone.FixedOrMobile}}, Numbers: phone.CallingCode(1).Numbers()},
		{Untagged: true}, {Untagged: true, Name: "a"}, {Untagged: true, TagPart: "v"}, {ExceptTags: []string{}}, {ExceptTags: []string{"vip", "É’clair"}},
		{ExceptTags: append([]string{"VIP"}, notTexts...), Origins: some("IN", "")}, {Upload: NewDeletion()},
	} {
		for j, lists := range [][]addressbook.SID{nil, sidsOfLists(lib.memory.lists[:1]), sidsOfLists(lib.memory.lists[:2])} {
			q := filter
			q.Lists = lists
			for _, w := range []addressbook.Window{inOrder, latest, sorts[(3*i+j)%len(sorts)]} {
				q.Window, q.NoTotal = w, false
				q.Limit = 100
				lib.answers(t, q)
				q.Offset, q.Limit = 2, 3
				lib.answers(t, q)
				q.NoTotal = true
				lib.answers(t, q)
				q.After, q.Offset = lib.memory.page(q).Next, 1
				lib.answers(t, q)
				q.NoTotal = false
				lib.answers(t, q)
			}
		}
		q := filter
		q.Window = addressbook.Window{Limit: 1}
		q.Number = abroad[0].Number.String()
		lib.answers(t, q)
	}
}

// pagesOfPeriods reads the contacts that were created in a time, by every sort field,
// alone and together with other filters. Each period meets each filter,
// and each filter most of the windows, all of which are met.
func pagesOfPeriods(t *testing.T, f *fixture) {
	lib := newShelf(t, f)
	all := lib.memory.contacts
	var times []time.Time
	for _, c := range []addressbook.Contact{all[0], all[9], all[20], all[len(all)-1]} {
		times = append(times, c.Created)
	}
	times = append(times, time.Time{}, all[0].Created.Add(-time.Hour), moment(), time.Unix(-1, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	filters := []addressbook.Query{{}, {Name: "a"}, {Name: "a", Lists: sidsOfLists(lib.memory.lists[:1])}, {Name: "a", Lists: sidsOfLists(lib.memory.lists)}}
	var windows []addressbook.Query // in every order, whole and in part, counted and not
	for _, w := range sorts {
		for _, part := range [][2]int{{0, 100}, {2, 5}} {
			w.Offset, w.Limit = part[0], part[1]
			windows = append(windows, addressbook.Query{Window: w}, addressbook.Query{Window: w, NoTotal: true})
		}
	}
	for i, from := range times {
		for j, until := range times {
			for k, q := range filters {
				w := windows[(i*len(times)+j+k*len(windows)/len(filters))%len(windows)]
				q.Window, q.NoTotal = w.Window, w.NoTotal
				q.Created = addressbook.Period{From: from, Until: until}
				lib.answers(t, q)
			}
		}
	}
	q := addressbook.Query{Window: addressbook.Window{Limit: 4}, Created: addressbook.Period{From: all[5].Created, Until: all[30].Created}}
	for q.After = lib.memory.page(q).Next; q.After != nil; q.After = lib.memory.page(q).Next {
		lib.answers(t, q)
	}
	q.Number = all[7].Number.String()
	lib.answers(t, q)
	q.Number = all[31].Number.String()
	lib.answers(t, q)
}

// pagesWithLists asks for the lists of each contact, in every window.
func pagesWithLists(t *testing.T, f *fixture) {
	lib := newShelf(t, f)
	for _, w := range windows(len(lib.memory.contacts), sorts) {
		lib.answers(t, addressbook.Query{Window: w, WithLists: true})
		lib.answers(t, addressbook.Query{Window: w, WithLists: true, Lists: sidsOfLists(lib.memory.lists[:2]), Name: "1"})
	}
	// Names change, and the order with them.
	at := moment()
	patches := []addressbook.ListPatch{{SID: lib.memory.lists[0].SID, Name: set("Aleph")}, {SID: lib.memory.lists[1].SID, Name: set("Ωmega")}}
	if _, err := patching(f.Contacts, at).UpdateLists(t.Context(), f.acct, patches, nil); err != nil {
		t.Fatal(err)
	}
	lib.memory.updateLists(at, patches)
	lib.answers(t, addressbook.Query{Window: addressbook.Window{Limit: 100}, WithLists: true})
}

// pagesByCursor walks along all pages, while contacts before and behind the
// cursor come and go: what stays is seen once, and nothing is seen twice.
func pagesByCursor(t *testing.T, f *fixture) {
	lib := newShelf(t, f)
	for i, w := range sorts {
		for _, filter := range []addressbook.Query{{}, {Name: "a"}, {Lists: []addressbook.SID{lib.memory.lists[1].SID}}, {Lists: sidsOfLists(lib.memory.lists), WithLists: true}} {
			q := filter
			q.Window = w
			q.Limit = 4
			for {
				lib.answers(t, q)
				uncounted := q
				uncounted.NoTotal = true
				lib.answers(t, uncounted)
				page := lib.memory.page(q)
				if page.Next == nil {
					break
				}
				q.After = page.Next
				q.Offset = len(page.Contacts) % 2 // also from a cursor on
			}
		}
		// The contact at the cursor is deleted.
		q := addressbook.Query{Window: w}
		q.Limit = 3
		page := lib.memory.page(q)
		last := page.Contacts[2]
		same(t, "deleted", f.delete(t, last.SID), lib.memory.delete(NewDeletion(), []addressbook.SID{last.SID}))
		fresh := []addressbook.Contact{contact(firstNumber + 500 + phone.Number(i))}
		f.insertAllNew(t, fresh...)
		lib.memory.insert(fresh)
		q.After, q.Limit = page.Next, 100
		lib.answers(t, q)
	}
}

// wordsOfNoText asks for what the rules let no text be. An engine may refuse to
// keep it, but not to be asked.
func wordsOfNoText(t *testing.T, f *fixture) {
	lib := newShelf(t, f)
	w := addressbook.Window{Limit: 10}
	for _, word := range notTexts {
		for _, q := range []addressbook.Query{{Tag: word}, {TagPart: word}, {Email: word}, {Name: word}, {Search: word}} {
			q.Window = w
			lib.answers(t, q)
		}
		page, err := f.Contacts.Lists(t.Context(), f.account, addressbook.ListQuery{Window: w, Name: word})
		if err != nil || page.Total != 0 {
			t.Errorf("lists with %q in their names: %d, %v", word, page.Total, err)
		}
	}
	f.hasNoReceipt(t, notTexts...)
}
