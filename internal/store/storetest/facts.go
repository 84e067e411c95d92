package storetest

import (
	"fmt"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/summary"
)

// Facts runs the contract of [summary.Store].
func Facts(t *testing.T, open func(t *testing.T) (Stores, summary.Store)) {
	stores, store := open(t)
	f := newFixture(t, stores)
	other := addAccount(t, f.Accounts, "other").ID
	all := contacts(firstNumber, 7)
	all[1].Texts[addressbook.Tag] = addressbook.Given("gold")
	all[2].Texts[addressbook.Tag] = addressbook.Text{}
	f.insertAllNew(t, all...)
	insertInto(t, f.Contacts, other, contact(firstNumber))
	var want []summary.Fact
	for _, c := range all {
		want = append(want, summary.Fact{SID: c.SID, Number: c.Number, Tag: c.Texts[addressbook.Tag].Value, Created: c.Created})
	}
	got, err := store.AppendFacts(t.Context(), want[:1:1], f.account, all[0].SID, 100)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "facts behind the first", got, want)
	for limit := 1; limit < 9; limit++ {
		got, after := []summary.Fact(nil), addressbook.SID{}
		for {
			before := len(got)
			if got, err = store.AppendFacts(t.Context(), got, f.account, after, limit); err != nil {
				t.Fatal(err)
			}
			if n := len(got) - before; n > limit {
				t.Fatalf("%d facts for a limit of %d", n, limit)
			} else if n == 0 {
				break
			}
			after = got[len(got)-1].SID
		}
		same(t, fmt.Sprintf("facts, %d at once", limit), got, want)
	}
}
