package storetest

import (
	"context"
	"fmt"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/journal"
)

// write is one of the writes of the store of contacts.
type write struct {
	name string
	do   func(r journal.Receipt) error
}

// writes returns each write once, with something to do for it. It is done for
// the key of its receipt.
func (f *fixture) writes(t *testing.T) []write {
	t.Helper()
	all := contacts(firstNumber, 6)
	f.insertAllNew(t, all...)
	changed, gone := list("changed"), list("gone")
	f.addLists(t, changed, gone)
	f.join(t, changed, all[3])
	ctx := func(r journal.Receipt) context.Context { return f.claiming(t.Context(), r) }
	book := patching(f.Contacts, moment())
	insert := func(opts addressbook.CreateOptions, some ...addressbook.Contact) func(journal.Receipt) error {
		return func(r journal.Receipt) error {
			return f.Contacts.InsertContacts(ctx(r), f.account, some, opts, keeping[[]*addressbook.Contact](r))
		}
	}
	over := contact(firstNumber)
	over.Texts[addressbook.Tag] = addressbook.Given("written over")
	return []write{
		{"insert contacts", insert(addressbook.CreateOptions{}, contacts(firstNumber+3, 250)...)},
		{"insert over contacts", insert(addressbook.CreateOptions{OnDuplicate: addressbook.UpdateDuplicate}, over)},
		{"update contacts", func(r journal.Receipt) error {
			patches := []addressbook.Patch{{SID: all[1].SID, Number: setNumber(firstNumber + 1000)}, {SID: all[5].SID, Number: setNumber(firstNumber)}}
			_, err := book.UpdateContacts(ctx(r), f.acct, patches, keeping[[]addressbook.Result](r))
			return err
		}},
		{"delete contacts", func(r journal.Receipt) error {
			return f.Contacts.DeleteContacts(ctx(r), f.account, NewDeletion(), sidsOf(all[2:3]), keeping[[]addressbook.Result](r))
		}},
		{"insert lists", func(r journal.Receipt) error {
			return f.Contacts.InsertLists(ctx(r), f.account, []addressbook.List{list("new"), list("gone")}, keeping[[]addressbook.ListResult](r))
		}},
		{"update lists", func(r journal.Receipt) error {
			patches := []addressbook.ListPatch{{SID: changed.SID, Tag: set("tag")}}
			_, err := book.UpdateLists(ctx(r), f.acct, patches, keeping[[]addressbook.ListResult](r))
			return err
		}},
		{"delete lists", func(r journal.Receipt) error {
			return f.Contacts.DeleteLists(ctx(r), f.account, NewDeletion(), []addressbook.SID{gone.SID}, keeping[[]addressbook.ListResult](r))
		}},
		{"add members", func(r journal.Receipt) error {
			return f.Contacts.AddMembers(ctx(r), f.account, changed.SID, joining(changed, all[4].SID, all[3].SID), keeping[[]addressbook.MembershipResult](r))
		}},
		{"remove members", func(r journal.Receipt) error {
			return f.Contacts.RemoveMembers(ctx(r), f.account, changed.SID, sidsOf(all[3:4]), keeping[[]addressbook.MembershipResult](r))
		}},
	}
}

// everything is what can be read of an account.
type everything struct {
	contacts addressbook.Page
	lists    addressbook.ListPage
}

func (f *fixture) everything(t *testing.T) everything {
	t.Helper()
	lists, err := f.Contacts.Lists(t.Context(), f.account, addressbook.ListQuery{Window: addressbook.Window{Limit: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	return everything{getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 1000}, WithLists: true}), lists}
}

func (e everything) same(t *testing.T, what string, other everything) {
	t.Helper()
	same(t, what+": contacts", other.contacts, e.contacts)
	same(t, what+": lists", other.lists, e.lists)
}

// receiptsOfWrites does each write with a receipt.
func receiptsOfWrites(t *testing.T, f *fixture) {
	var all []journal.Receipt
	for _, w := range f.writes(t) {
		before := f.everything(t)
		r := receipt(w.name)
		if err := w.do(r); err != nil {
			t.Fatalf("%s: %v", w.name, err)
		}
		f.hasReceipts(t, r)
		if after := f.everything(t); fmt.Sprint(before) == fmt.Sprint(after) {
			t.Errorf("%s: nothing was done", w.name)
		}
		all = append(all, r)
	}
	done := f.everything(t)
	f.reopen()
	f.hasReceipts(t, all...)
	done.same(t, "after a restart", f.everything(t))
}

// receiptsOfNothing are about writes that find nothing to do: their answers are
// kept all the same. A list that is not there is a fault of the whole, which is
// answered without one.
func receiptsOfNothing(t *testing.T, f *fixture) {
	known := contact(firstNumber)
	f.insertAllNew(t, known)
	before := f.everything(t)
	ctx := t.Context()
	for name, do := range map[string]func(r journal.Receipt) error{
		"no contacts": func(r journal.Receipt) error {
			return f.Contacts.InsertContacts(f.claiming(ctx, r), f.account, nil, addressbook.CreateOptions{}, keeping[[]*addressbook.Contact](r))
		},
		"known contacts": func(r journal.Receipt) error {
			return f.Contacts.InsertContacts(f.claiming(ctx, r), f.account, contacts(firstNumber, 1), addressbook.CreateOptions{}, keeping[[]*addressbook.Contact](r))
		},
		"a dry run": func(r journal.Receipt) error {
			opts := addressbook.CreateOptions{DryRun: true}
			return f.Contacts.InsertContacts(f.claiming(ctx, r), f.account, contacts(firstNumber+1, 3), opts, keeping[[]*addressbook.Contact](r))
		},
		"no patches": func(r journal.Receipt) error {
			return f.Contacts.UpdateContacts(ctx, f.account, nil, keeping[[]addressbook.Result](r))
		},
		"unknown contacts": func(r journal.Receipt) error {
			return f.Contacts.DeleteContacts(ctx, f.account, NewDeletion(), []addressbook.SID{{1}}, keeping[[]addressbook.Result](r))
		},
		"no lists": func(r journal.Receipt) error {
			return f.Contacts.InsertLists(ctx, f.account, nil, keeping[[]addressbook.ListResult](r))
		},
		"unknown lists": func(r journal.Receipt) error {
			return f.Contacts.DeleteLists(ctx, f.account, NewDeletion(), []addressbook.SID{{1}}, keeping[[]addressbook.ListResult](r))
		},
	} {
		r := receipt(name)
		if err := do(r); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f.hasReceipts(t, r)
	}
	no := list("not there")
	err := f.Contacts.AddMembers(ctx, f.account, no.SID, joining(no, known.SID), keeping[[]addressbook.MembershipResult](receipt("no list")))
	isError(t, "add to no list", err, addressbook.ErrNoList)
	err = f.Contacts.RemoveMembers(ctx, f.account, no.SID, []addressbook.SID{known.SID}, keeping[[]addressbook.MembershipResult](receipt("no list")))
	isError(t, "remove from no list", err, addressbook.ErrNoList)
	f.hasNoReceipt(t, "no list")
	before.same(t, "nothing to do", f.everything(t))
}

// keyTaken does each write under a key that has a receipt: none is done.
func keyTaken(t *testing.T, f *fixture) {
	writes := f.writes(t)
	first := receipt("key")
	f.addReceipts(t, first)
	before := f.everything(t)
	again := receipt("key")
	again.Body = []byte("another answer")
	for _, w := range writes {
		isError(t, w.name, w.do(again), journal.ErrTaken)
		before.same(t, w.name, f.everything(t))
	}
	isError(t, "add receipt", f.Receipts.AddReceipt(t.Context(), f.account, again), journal.ErrTaken)
	f.hasReceipts(t, first)
	// What was rolled back can be done under another key.
	for _, w := range writes {
		if err := w.do(receipt(w.name)); err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
	}
}

// failedReceipts are of writes that fail in a way that every engine knows: a
// sid that is taken.
func failedReceipts(t *testing.T, f *fixture) {
	old, oldList := contact(firstNumber), list("old")
	f.insertAllNew(t, old)
	f.addLists(t, oldList)
	twin, twinList := contact(firstNumber+1), list("new")
	twin.SID, twinList.SID = old.SID, oldList.SID
	fails := []addressbook.Contact{contact(firstNumber + 2), twin}
	err := f.Contacts.InsertContacts(f.claiming(t.Context(), receipt("contacts")), f.account, fails, addressbook.CreateOptions{},
		keeping[[]*addressbook.Contact](receipt("contacts")))
	if err == nil {
		t.Error("two contacts have the same sid")
	}
	err = f.Contacts.InsertLists(t.Context(), f.account, []addressbook.List{twinList}, keeping[[]addressbook.ListResult](receipt("lists")))
	if err == nil {
		t.Error("two lists have the same sid")
	}
	f.hasNoReceipt(t, "contacts", "lists")
	f.holds(t, old)
}

// expiredReceipts make room when they are as old as a receipt gets, and not a
// nanosecond before.
func expiredReceipts(t *testing.T, f *fixture) {
	for i, w := range f.writes(t) {
		first := receipt(w.name)
		f.addReceipts(t, first)
		again := receipt(w.name)
		again.Status, again.Body, again.Request = 200+i, []byte("again"), [32]byte{1}
		again.Created = first.Created.Add(journal.Lifetime - 1)
		isError(t, w.name, w.do(again), journal.ErrTaken)
		f.hasReceipts(t, first)
		again.Created = again.Created.Add(1)
		if err := w.do(again); err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
		f.hasReceipts(t, again)
	}
	first := receipt("alone")
	f.addReceipts(t, first)
	first.Created = first.Created.Add(journal.Lifetime)
	first.Body = []byte("again")
	f.addReceipts(t, first)
	f.hasReceipts(t, first)
}
