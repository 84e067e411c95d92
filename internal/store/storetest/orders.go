package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// listSorts are all the orders of lists, sorts those of contacts.
var (
	listSorts = directions(addressbook.ByCreated, addressbook.ByUpdated, addressbook.ByName)
	sorts     = append(listSorts, blankDirections(addressbook.ByPerson, addressbook.ByCompany, addressbook.ByEmail, addressbook.ByTag, addressbook.ByNumber)...)
)

// pagesOfCustomFields reads contacts by what their custom fields have, alone and with
// other filters, in every order.
func pagesOfCustomFields(t *testing.T, f *fixture) {
	lib := newShelf(t, f)
	fields := []string{
		`{"plan":"Gold","city":{"name":"Pune"}}`, `{"PLAN": "gold member"}`, `{"city":"S\u00e3o Paulo","plan":null}`, `{"city":"São Paulo"}`, "", `{}`,
		`{"a\"b":"x","plan":"\ud83d\ude00"}`, `{"note":"plan gold","n":4.50}`, `{"plan":[1,{"x":"gold"}]}`, `{"straße":"Łódź"}`,
	}
	var all []addressbook.Contact
	for i := range 80 {
		c := contact(firstNumber + 700 + phone.Number(i))
		c.CustomField = fields[i*7%len(fields)]
		c.Texts[addressbook.CompanyName] = addressbook.Given([]string{"", "b", "a"}[i%3])
		all = append(all, c)
	}
	f.insertAllNew(t, all...)
	lib.memory.insert(all)
	for _, custom := range []addressbook.CustomFilter{
		{Key: "plan"}, {Key: "plan", Part: "GOLD"}, {Key: "Plan", Part: "gold m"}, {Key: "city", Part: "sao"}, {Key: "CITY", Part: "pune"}, {Key: `a"b`}, {Key: `a\"b`},
		{Key: "plan", Part: "😀"}, {Key: "n", Part: "4.5"}, {Key: "strasse", Part: "lodz"}, {Key: "name"}, {Key: "gold"}, {Key: "plan", Part: "%"}, {Key: "plan", Part: `"`}, {Key: "no\x00", Part: "\xff"},
	} {
		for _, w := range sorts {
			w.Limit = 100
			lib.answers(t, addressbook.Query{Window: w, Custom: custom})
		}
		for _, w := range []addressbook.Window{{}, {Desc: true}, {Sort: addressbook.ByCompany, Desc: true, BlanksFirst: true}} {
			q := addressbook.Query{Window: w, Custom: custom}
			for q.Limit = 7; ; {
				lib.answers(t, q)
				uncounted := q
				uncounted.NoTotal = true
				lib.answers(t, uncounted)
				if q.After = lib.memory.page(q).Next; q.After == nil {
					break
				}
				q.Offset = 1 - q.Offset
			}
		}
		lib.answers(t, addressbook.Query{Window: addressbook.Window{Limit: 5}, Custom: custom, Name: "ada", WithLists: true})
		lib.answers(t, addressbook.Query{Window: addressbook.Window{Limit: 5, Desc: true}, Custom: custom, Lists: sidsOfLists(lib.memory.lists[:1])})
	}
}

func directions(fields ...addressbook.SortField) (all []addressbook.Window) {
	for _, field := range fields {
		all = append(all, addressbook.Window{Sort: field}, addressbook.Window{Sort: field, Desc: true})
	}
	return all
}

func blankDirections(fields ...addressbook.SortField) (all []addressbook.Window) {
	for _, w := range directions(fields...) {
		all = append(all, w)
		w.BlanksFirst = true
		all = append(all, w)
	}
	return all
}

// pagesBothWays walks along the pages of every order, in pages of any size, from one end
// to the other and back: each time they are the whole, in order.
func pagesBothWays(t *testing.T, f *fixture) {
	texts := []string{"", " ", "a", "A", "b", "ab", "Zoë", "ZOE", "zoe", "Борис", "БОРИС", "\u00a0", "a b", "é", "É", "世界", "x-y", "x\u2010y"}
	var all []addressbook.Contact
	for i := range 60 {
		c := contact(phone.Number([]uint64{919800000000, 91980000000, 1242365000, 4420794601000, 49151000}[i%5] + uint64(i)))
		for field, step := range map[addressbook.TextField]int{addressbook.FirstName: 1, addressbook.LastName: 5, addressbook.CompanyName: 7, addressbook.Email: 11, addressbook.Tag: 13} {
			c.Texts[field] = addressbook.Text{}
			if (i*step)%4 != 0 {
				c.Texts[field] = addressbook.Given(texts[i*step%len(texts)])
			}
		}
		all = append(all, c)
	}
	f.insertAllNew(t, all...)
	rapid.Check(t, func(rt *rapid.T) {
		w := rapid.SampledFrom(sorts).Draw(rt, "order")
		want := sidsOf(sortedBy(all, w, contactPosition))
		walk := func(w addressbook.Window) (sids []addressbook.SID) {
			for len(sids) <= len(all) {
				w.Limit = rapid.IntRange(1, len(all)+1).Draw(rt, "limit")
				page := getPage(rt, f.Contacts, f.account, addressbook.Query{Window: w})
				sids = append(sids, sidsOf(page.Contacts)...)
				if w.After = page.Next; w.After == nil {
					break
				}
			}
			return sids
		}
		same(rt, fmt.Sprintf("pages of the order %+v", w), walk(w), want)
		w.Desc = !w.Desc
		slices.Reverse(want)
		same(rt, fmt.Sprintf("pages of the order %+v", w), walk(w), want)
	})
}

// manyCustomFields finds more contacts by their custom field than an engine looks at in
// one go.
func manyCustomFields(t *testing.T, f *fixture) {
	const n = 5_001
	all := contacts(firstNumber, n)
	for i := range all {
		all[i].CustomField = `{"plan":"gold"}`
	}
	f.insertAllNew(t, all...)
	page, err := f.Contacts.Contacts(t.Context(), f.account, addressbook.Query{
		Window: addressbook.Window{Limit: 1}, Custom: addressbook.CustomFilter{Key: "plan", Part: "gold"},
	})
	if err != nil || page.Total != n {
		t.Errorf("it finds %d contacts, want %d (%v)", page.Total, n, err)
	}
}

// pagesByJoining reads the contacts of a list in the order in which they were put into
// it, page by page and from the middle, with other filters and without.
func pagesByJoining(t *testing.T, f *fixture) {
	lib := newShelf(t, f)
	all := contacts(firstNumber+800, 40)
	f.insertAllNew(t, all...)
	lib.memory.insert(all)
	l, empty := list("by joining"), list("nobody yet")
	f.addLists(t, l, empty)
	lib.memory.lists = append(lib.memory.lists, l, empty)
	members := joining(l, sidsOf(all)...)
	for i := range members {
		// Ties, and an order that is neither that of the sids nor its reverse.
		members[i].Created = members[i].Created.Add(time.Duration(i*7%5) * time.Hour)
	}
	f.addMembers(t, l, members...)
	lib.memory.members = append(lib.memory.members, members...)
	for _, w := range directions(addressbook.ByJoined) {
		for _, q := range []addressbook.Query{{}, {NoTotal: true}, {WithLists: true}, {Name: "ada"}, {Custom: addressbook.CustomFilter{Key: "x"}}, {TagPart: "e", NoTotal: true}} {
			q.Window, q.Lists = w, sidsOfLists([]addressbook.List{l})
			for q.Limit = 7; ; {
				lib.answers(t, q)
				if q.After = lib.memory.page(q).Next; q.After == nil {
					break
				}
				q.Offset = 1 - q.Offset
			}
			q.Offset, q.Limit = 33, 100
			lib.answers(t, q)
			for _, nobody := range []addressbook.List{empty, list("unknown")} {
				q.Lists = sidsOfLists([]addressbook.List{nobody})
				lib.answers(t, q)
			}
		}
	}
}
