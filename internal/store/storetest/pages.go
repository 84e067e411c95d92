package storetest

import (
	"bytes"
	"math"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

func bySID(a, b addressbook.Contact) int { return bytes.Compare(a.SID[:], b.SID[:]) }

func emptyPage(t *testing.T, f *fixture) {
	for _, w := range sorts {
		for _, part := range [][2]int{{0, 20}, {0, 1}, {7, 1000}} {
			w.Offset, w.Limit = part[0], part[1]
			page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: w})
			if len(page.Contacts) != 0 || page.Total != 0 {
				t.Errorf("an account without contacts has a page of %d, total %d", len(page.Contacts), page.Total)
			}
		}
	}
}

func pages(t *testing.T, f *fixture) {
	people := []struct{ first, last addressbook.Text }{
		{addressbook.Given("bob"), addressbook.Given("Smith")},
		{addressbook.Given("Bob"), addressbook.Given("SMITH")},
		{addressbook.Given("alice"), addressbook.Text{}},
		{addressbook.Text{}, addressbook.Given("Alice")},
		{addressbook.Text{}, addressbook.Text{}},
		{addressbook.Given(""), addressbook.Given("")},
		{addressbook.Given("Zoë"), addressbook.Given("")},
	}
	all := contacts(firstNumber, 43)
	for i := range all {
		c := &all[i]
		c.Texts[addressbook.FirstName], c.Texts[addressbook.LastName] = people[i%len(people)].first, people[i%len(people)].last
		// Ties, and an order that is neither that of the sids nor its reverse.
		c.Updated = c.Created.Add(time.Duration(i*7%5) * time.Hour).Truncate(time.Hour)
	}
	f.insertAllNew(t, all[20:]...)
	f.insertAllNew(t, all[:20]...)
	n := len(all)
	limits := []int{1, 2, 20, n, n + 1, 1000}
	for i, w := range sorts {
		order := sortedBy(all, w, contactPosition)
		for j, offset := range []int{0, 1, 7, n - 1, n, n + 1, math.MaxInt32} {
			limit := limits[(i+j)%len(limits)] // each meets each order and each offset
			q := addressbook.Query{Window: w}
			q.Offset, q.Limit = offset, limit
			page := getPage(t, f.Contacts, f.account, q)
			if page.Total != n {
				t.Errorf("%+v: the total is %d, want %d", q, page.Total, n)
			}
			from := min(offset, n)
			sameContacts(t, page.Contacts, order[from:min(from+limit, n)])
			if t.Failed() {
				t.Fatalf("the query was %+v", q)
			}
		}
	}
}

// pagesOfNames checks that names sort by [addressbook.NameKey] and nothing of
// the engine's own, which would know ASCII only, or the rules of one language.
func pagesOfNames(t *testing.T, f *fixture) {
	var all []addressbook.Contact
	for _, name := range []string{
		"zoe", "Zoë", "ZOË", "éa", "Éb", "eb", "Straße", "STRASSE", "strasse b", "Ωmega", "ωmega a",
		"ананас", "Борис", "आदित्य", "世界", "𝄞", "a b", "a", "ab", "a-b", "a'b", "_", "10", "9", " ", "ﬁn", "fin a",
	} {
		for _, last := range []string{"", "a", "B"} {
			c := contact(firstNumber + phone.Number(len(all)))
			c.Texts[addressbook.FirstName], c.Texts[addressbook.LastName] = addressbook.Given(name), addressbook.Given(last)
			all = append(all, c)
		}
	}
	f.insertAllNew(t, all...)
	for _, desc := range []bool{false, true} {
		w := addressbook.Window{Limit: len(all), Sort: addressbook.ByName, Desc: desc}
		page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: w})
		sameContacts(t, page.Contacts, sortedBy(all, w, contactPosition))
	}
}
