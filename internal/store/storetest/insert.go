package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"callbook/internal/addressbook"
)

func insertNone(t *testing.T, f *fixture) {
	f.insertAllNew(t)
	f.holds(t)
}

// insertMany is the largest request that the wire allows, and a second one
// that has one new number among its 5,000.
func insertMany(t *testing.T, f *fixture) {
	const n = 5000
	// In random order: a store that wants them sorted has to sort them.
	all := contacts(firstNumber, n)
	rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) {
		all[i].Number, all[j].Number = all[j].Number, all[i].Number
	})
	f.insertAllNew(t, all...)
	f.holds(t, all...)

	again := contacts(firstNumber+1, n)
	created := 0
	for i, c := range f.insert(t, again...) {
		switch {
		case c == nil:
			created++
		case c.Number != again[i].Number:
			t.Fatalf("the contact with number %v is said to be %v", again[i].Number, c.Number)
		}
	}
	if created != 1 {
		t.Errorf("%d contacts were created, want the one with a new number", created)
	}
	f.holds(t, append(all, again[n-1])...)
}

// insertSizes crosses the sizes of the statements that a store may cut a
// request into.
func insertSizes(t *testing.T, f *fixture) {
	var all []addressbook.Contact
	next := firstNumber
	for _, n := range []int{1, 2, 9, 10, 11, 99, 100, 101, 109, 110, 111, 119, 120, 199, 201, 256, 999, 1001, 1111} {
		batch := contacts(next, n)
		next += 10_000
		f.insertAllNew(t, batch...)
		all = append(all, batch...)
	}
	f.holds(t, all...)
}

// insertOutOfOrder is what a clock that is set back does.
func insertOutOfOrder(t *testing.T, f *fixture) {
	old := contacts(firstNumber, 3)
	f.insertAllNew(t, contact(firstNumber+10))
	f.insertAllNew(t, old[2], old[0], old[1])
	page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 3}})
	sameContacts(t, page.Contacts, old)
}

// failedInsert provokes a failure that every engine has: a sid that is taken.
func failedInsert(t *testing.T, f *fixture) {
	old := contact(firstNumber)
	f.insertAllNew(t, old)
	fresh := contacts(firstNumber+1, 150)
	bad := append(append([]addressbook.Contact{}, fresh...), contact(firstNumber+1000))
	bad[len(bad)-1].SID = old.SID
	if _, err := tryInsert(t.Context(), f.Contacts, f.account, bad); err == nil {
		t.Fatal("two contacts have the same sid")
	}
	f.holds(t, old)
	// The numbers are free again.
	f.insertAllNew(t, fresh...)
	f.insertAllNew(t, contact(firstNumber+1000))
}

func insertUnknownAccount(t *testing.T, f *fixture) {
	if _, err := tryInsert(t.Context(), f.Contacts, f.account+1000, contacts(firstNumber, 2)); err == nil {
		t.Error("an account that is not there got contacts")
	}
	f.holds(t)
	f.insertAllNew(t, contacts(firstNumber, 2)...)
}

// cancelledInsert is about a request that was given up before it began. One
// that has begun may end either way.
func cancelledInsert(t *testing.T, f *fixture) {
	reason := errors.New("the client went away")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	for range 50 {
		all := contacts(firstNumber, 2)
		_, err := tryInsert(ctx, f.Contacts, f.account, all)
		if !errors.Is(err, context.Canceled) && !errors.Is(err, reason) {
			t.Fatalf("the error is %v, want that of the context", err)
		}
	}
	f.holds(t)
	f.insertAllNew(t, contacts(firstNumber, 2)...)
}

func survivesReopen(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 120)
	f.insertAllNew(t, all...)
	f.reopen()
	f.holds(t, all...)
	f.reads(t, all[119])
	for i, c := range f.insert(t, contacts(firstNumber, 120)...) {
		if c == nil {
			t.Fatalf("number %v was given twice", all[i].Number)
		}
		same(t, "existing contact", *c, all[i])
	}
	f.insertAllNew(t, contact(firstNumber+120))
}
