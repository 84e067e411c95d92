package storetest

import (
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

func deleteContacts(t *testing.T, f *fixture) {
	other := addAccount(t, f.Accounts, "other")
	all := contacts(firstNumber, 5)
	theirs := contact(firstNumber)
	f.insertAllNew(t, all...)
	insertInto(t, f.Contacts, other.ID, theirs)
	results, at := f.update(t, addressbook.Patch{SID: all[3].SID, Number: setNumber(firstNumber + 50), Tag: set("late")})
	all[3] = *results[0].Contact
	if !all[3].Updated.Equal(at) {
		t.Errorf("updated at %v, want %v", all[3].Updated, at)
	}

	got := f.delete(t, all[1].SID, theirs.SID, all[3].SID, contact(1).SID, all[1].SID)
	same(t, "results", got, []addressbook.Result{became(all[1]), noContact, became(all[3]), noContact, noContact})
	same(t, "results", f.delete(t, all[1].SID), []addressbook.Result{noContact})
	_, err := f.Contacts.Contact(t.Context(), f.account, all[1].SID)
	isFault(t, err, fault.NotFound)

	// Their numbers are free, under new sids; those of the others are not.
	again := contact(all[1].Number)
	want := []*addressbook.Contact{nil, nil, nil, &all[0], &all[4]}
	fresh := contact(all[3].Number)
	old := contact(firstNumber + 3)
	same(t, "existing", f.insert(t, again, fresh, old, contact(firstNumber), contact(firstNumber+4)), want)
	check := func() {
		t.Helper()
		f.holds(t, all[0], all[2], all[4], again, fresh, old)
		holds(t, f.Contacts, other.ID, theirs)
	}
	check()
	f.reopen()
	check()
	same(t, "results", f.delete(t, all[3].SID, again.SID), []addressbook.Result{noContact, became(again)})
	f.insertAllNew(t, contact(again.Number))
}

// deleteMembers deletes contacts that are in lists.
func deleteMembers(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 6)
	one, two, three := list("one"), list("two"), list("three")
	f.insertAllNew(t, all...)
	f.addLists(t, one, two, three)
	f.join(t, one, all[:4]...)
	f.join(t, two, all[2:]...)
	f.delete(t, all[0].SID, all[3].SID, all[5].SID, all[3].SID)
	again := contact(all[3].Number)
	f.insertAllNew(t, again)
	check := func() {
		t.Helper()
		f.hasMembers(t, one, all[1], all[2])
		f.hasMembers(t, two, all[2], all[4])
		f.hasMembers(t, three)
	}
	check()
	f.reopen()
	check()
	same(t, "results", f.addMembers(t, one, joining(one, all[3].SID, again.SID)...)[0].Fault, addressbook.ErrNoContact)
	f.hasMembers(t, one, all[1], all[2], again)
}
