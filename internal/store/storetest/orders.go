package storetest

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// listSorts are all the orders of lists, sorts those of contacts.
var (
	listSorts = directions(addressbook.ByCreated, addressbook.ByUpdated, addressbook.ByName)
	sorts     = append(listSorts, blankDirections(addressbook.ByPerson, addressbook.ByCompany, addressbook.ByEmail, addressbook.ByTag, addressbook.ByNumber)...)
)

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
