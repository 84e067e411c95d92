package storetest

import (
	"math"
	"slices"
	"sync"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/trash"
	"callbook/internal/upload"
)

func (f *fixture) restore(t *testing.T, sids ...addressbook.SID) (results []trash.ContactResult) {
	t.Helper()
	if err := f.Trash.RestoreContacts(t.Context(), f.account, sids, Told(&results)); err != nil || len(results) != len(sids) {
		t.Fatalf("restore %d contacts: %d results, %v", len(sids), len(results), err)
	}
	return results
}

func (f *fixture) restoreLists(t *testing.T, sids ...addressbook.SID) (results []trash.ListResult) {
	t.Helper()
	if err := f.Trash.RestoreLists(t.Context(), f.account, sids, Told(&results)); err != nil || len(results) != len(sids) {
		t.Fatalf("restore %d lists: %d results, %v", len(sids), len(results), err)
	}
	return results
}

// deleteUnder deletes contacts of the fixture's account under one deletion.
func (f *fixture) deleteUnder(t *testing.T, deletion addressbook.SID, sids ...addressbook.SID) {
	t.Helper()
	if err := f.Contacts.DeleteContacts(t.Context(), f.account, deletion, sids, nil); err != nil {
		t.Fatalf("delete %d contacts: %v", len(sids), err)
	}
}

// inTrash checks what the trash has: these contacts, the last deleted first.
func (f *fixture) inTrash(t *testing.T, want ...addressbook.Contact) {
	t.Helper()
	page, err := keeper(f.Stores).Contacts(t.Context(), f.acct, trash.Query{Limit: len(want) + 1})
	if err != nil {
		t.Fatal(err)
	}
	var got []addressbook.Contact
	for _, c := range page.Items {
		got = append(got, c.Contact)
	}
	same(t, "contacts in the trash", got, want)
	if page.Total != len(want) {
		t.Errorf("the total of the trash is %d, want %d", page.Total, len(want))
	}
}

func restoredContact(c addressbook.Contact) trash.ContactResult {
	return trash.ContactResult{Contact: &c}
}

var notInTrash = trash.ContactResult{Fault: trash.ErrNoContact}

// trashOfContacts: what comes back is what was deleted, with its sid, dates, fields and
// memberships.
func trashOfContacts(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 4)
	one, two := list("one"), list("two")
	f.insertAllNew(t, all...)
	f.addLists(t, one, two)
	f.join(t, one, all...)
	f.join(t, two, all[0], all[1])
	f.update(t, addressbook.Patch{SID: all[0].SID, CustomField: set(`{"a":1}`)})
	before := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 10}, WithLists: true})
	changed := before.Contacts[0]

	f.delete(t, all[0].SID, all[0].SID, all[1].SID)
	f.reopen()
	f.inTrash(t, all[1], changed)
	f.holds(t, all[2:]...)
	f.hasMembers(t, one, all[2:]...)
	f.hasMembers(t, two)

	same(t, "results", f.restore(t, all[0].SID, all[2].SID, all[0].SID, all[1].SID),
		[]trash.ContactResult{restoredContact(changed), notInTrash, notInTrash, restoredContact(all[1])})
	f.reopen()
	f.inTrash(t)
	after := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 10}, WithLists: true})
	same(t, "contacts", after, before)
	f.hasMembers(t, one, before.Contacts...)
	f.hasMembers(t, two, before.Contacts[:2]...)

	// A number that is taken is a conflict, be it by a contact restored in the same call.
	f.delete(t, all[1].SID)
	second := contact(all[1].Number)
	f.insertAllNew(t, second)
	same(t, "results", f.restore(t, all[1].SID), []trash.ContactResult{{Contact: &second, Fault: addressbook.ErrNumberTaken}})
	f.inTrash(t, all[1])
	f.delete(t, second.SID)
	same(t, "results", f.restore(t, second.SID, all[1].SID),
		[]trash.ContactResult{restoredContact(second), {Contact: &second, Fault: addressbook.ErrNumberTaken}})
	f.inTrash(t, all[1])

	// What is deleted for good is nowhere, nor are its memberships.
	f.deleteUnder(t, addressbook.ForGood, second.SID)
	f.inTrash(t, all[1])
	var erased []trash.ContactResult
	if err := f.Trash.EraseContacts(t.Context(), f.account, []addressbook.SID{all[1].SID, second.SID, all[1].SID}, Told(&erased)); err != nil {
		t.Fatal(err)
	}
	same(t, "results", erased, []trash.ContactResult{restoredContact(all[1]), notInTrash, notInTrash})
	same(t, "results", f.restore(t, all[1].SID), []trash.ContactResult{notInTrash})
	f.inTrash(t)
	f.insertAllNew(t, contact(all[1].Number))

	// Nobody restores another account's.
	f.delete(t, all[2].SID)
	other := addAccount(t, f.Accounts, "other")
	var results []trash.ContactResult
	if err := f.Trash.RestoreContacts(t.Context(), other.ID, []addressbook.SID{all[2].SID}, Told(&results)); err != nil {
		t.Fatal(err)
	}
	same(t, "results of another account", results, []trash.ContactResult{notInTrash})
}

// trashOfLists: a list comes back with those of its contacts that are there. The others
// join it when they come back.
func trashOfLists(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 4)
	l := list("list")
	l.Tag, l.Type = addressbook.Given("tag"), addressbook.Dynamic
	f.insertAllNew(t, all...)
	f.addLists(t, l)
	f.join(t, l, all...)

	f.delete(t, all[0].SID) // before its list
	last := f.deleteLists(t, l.SID)
	f.delete(t, all[1].SID) // after it
	f.reopen()
	f.listed(t)
	page, err := f.Trash.TrashedLists(t.Context(), f.account, trash.Query{Limit: 1})
	if err != nil || page.Total != 1 || len(page.Items) != 1 || page.Items[0].ContactCount != 3 {
		t.Fatalf("got %+v, %v", page, err)
	}
	same(t, "list in the trash", &page.Items[0].List, last[0].List)

	// A name that is taken is a conflict.
	taken := list("list")
	f.addLists(t, taken)
	same(t, "results", f.restoreLists(t, l.SID), []trash.ListResult{{List: &taken, Fault: addressbook.ErrNameTaken}})
	f.updateLists(t, addressbook.ListPatch{SID: taken.SID, Name: set("other")})

	l.ContactCount = 2
	noList := trash.ListResult{Fault: trash.ErrNoList}
	same(t, "results", f.restoreLists(t, l.SID, taken.SID, l.SID), []trash.ListResult{{List: &l}, noList, noList})
	f.hasMembers(t, l, all[2:]...)
	f.restore(t, all[0].SID, all[1].SID)
	f.hasMembers(t, l, all...)
	f.reopen()
	f.hasMembers(t, l, all...)

	// A list that was deleted for good brings back nothing.
	f.deleteLists(t, l.SID)
	var erased []trash.ListResult
	if err := f.Trash.EraseLists(t.Context(), f.account, []addressbook.SID{l.SID, l.SID}, Told(&erased)); err != nil {
		t.Fatal(err)
	}
	l.ContactCount = 4
	same(t, "results", erased, []trash.ListResult{{List: &l}, noList})
	same(t, "results", f.restoreLists(t, l.SID), []trash.ListResult{noList})
	f.delete(t, all[0].SID)
	f.restore(t, all[0].SID)
	f.holds(t, all...)
}

// FullList checks that a list is never made larger than it may be. It fills one. Open is
// as for [AddressBook].
func FullList(t *testing.T, open func(t *testing.T) Stores) {
	f := newFixture(t, open(t))
	const most = upload.MaxStatic
	all := contacts(firstNumber, most+1)
	l := list("full")
	f.addLists(t, l)
	f.insertAllNew(t, all...)
	f.join(t, l, all[:2]...)
	f.delete(t, all[0].SID, all[1].SID)
	f.join(t, l, all[2:]...)
	full := trash.ContactResult{Full: &addressbook.ListRef{SID: l.SID, Name: l.Name}, Fault: trash.ErrListFull}
	same(t, "results", f.restore(t, all[0].SID, all[1].SID), []trash.ContactResult{restoredContact(all[0]), full})
	f.inTrash(t, all[1])
}

// comeBackAtOnce restores contacts and their list at the same time: whoever is second
// brings the membership back.
func comeBackAtOnce(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 20)
	l := list("list")
	f.insertAllNew(t, all...)
	f.addLists(t, l)
	f.join(t, l, all...)
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	for range rounds {
		f.deleteLists(t, l.SID)
		f.delete(t, sidsOf(all)...)
		var group sync.WaitGroup
		for part := range slices.Chunk(all, 5) {
			group.Go(func() {
				if err := f.Trash.RestoreContacts(t.Context(), f.account, sidsOf(part), nil); err != nil {
					t.Error(err)
				}
			})
		}
		group.Go(func() {
			if err := f.Trash.RestoreLists(t.Context(), f.account, []addressbook.SID{l.SID}, nil); err != nil {
				t.Error(err)
			}
		})
		group.Wait()
		f.hasMembers(t, l, all...)
		if t.Failed() {
			return
		}
	}
}

// purgeInSteps: the oldest go first, in small steps, and newer things stay.
func purgeInSteps(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 12)
	old, young := list("old"), list("young")
	f.insertAllNew(t, all...)
	f.addLists(t, old, young)
	f.join(t, old, all...)
	f.delete(t, sidsOf(all[:3])...)
	f.deleteLists(t, old.SID)
	before := NewDeletion()
	f.delete(t, sidsOf(all[3:5])...)
	f.deleteLists(t, young.SID)

	expired := func(before addressbook.SID, want ...account.ID) {
		t.Helper()
		accounts, err := f.Trash.Expired(t.Context(), before)
		if err != nil || len(accounts) != len(want) {
			t.Errorf("expired are %v, %v; want %v", accounts, err, want)
		}
	}
	expired(addressbook.SID{})
	expired(before, f.acct.ID)
	steps, all2 := 0, trash.Purged{}
	for more := true; more; steps++ {
		p, err := f.Trash.Purge(t.Context(), f.account, before, 4)
		if err != nil {
			t.Fatal(err)
		}
		all2.Contacts += p.Contacts
		all2.Lists += p.Lists
		more = p.More
		// Of a list that is going, nobody sees a part.
		page, err := f.Trash.TrashedLists(t.Context(), f.account, trash.Query{Limit: 10})
		if err != nil || page.Total != len(page.Items) {
			t.Fatalf("got %+v, %v", page, err)
		}
		if page.Total == 1 {
			same(t, "results", f.restoreLists(t, old.SID), []trash.ListResult{{Fault: trash.ErrNoList}})
		}
	}
	if all2 != (trash.Purged{Contacts: 3, Lists: 1}) || steps < 3 {
		t.Errorf("purged %+v in %d steps", all2, steps)
	}
	expired(before)
	f.inTrash(t, all[4], all[3])
	f.restore(t, sidsOf(all[3:5])...)
	f.holds(t, all[3:]...)
	var last addressbook.SID
	for i := range last {
		last[i] = math.MaxUint8
	}
	if p, err := f.Trash.Purge(t.Context(), f.account, last, 100); err != nil || p != (trash.Purged{Lists: 1}) {
		t.Errorf("purged %+v, %v", p, err)
	}
}

// pagesOfTrash are found by name and number, and by their deletion.
func pagesOfTrash(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 30)
	all[7].Texts[addressbook.FirstName] = addressbook.Given("Zoë")
	all[7].Texts[addressbook.LastName] = addressbook.Given("Nair")
	f.insertAllNew(t, all...)
	first, second := NewDeletion(), NewDeletion()
	f.deleteUnder(t, second, sidsOf(all[10:])...)
	f.deleteUnder(t, first, sidsOf(all[:10])...)
	m := memory{contacts: slices.Clone(all)}
	m.delete(first, sidsOf(all[:10]))
	m.delete(second, sidsOf(all[10:]))
	k := keeper(f.Stores)
	for _, q := range []trash.Query{
		{}, {Deletion: first}, {Deletion: second}, {Deletion: NewDeletion()}, {Search: "nair zoe"}, {Search: "ada"}, {Search: "98000000"},
		{Search: "ada", Deletion: first}, {Search: "nobody"}, {Search: all[3].Number.String()},
	} {
		for _, q.Limit = range []int{1, 4, 100} {
			for q.After = nil; ; {
				page, err := k.Contacts(t.Context(), f.acct, q)
				if err != nil {
					t.Fatalf("%+v: %v", q, err)
				}
				same(t, "page", page, m.trashedContacts(q))
				if q.After = page.Next; q.After == nil || t.Failed() {
					break
				}
			}
		}
	}
}
