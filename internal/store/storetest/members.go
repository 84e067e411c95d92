package storetest

import (
	"testing"

	"callbook/internal/addressbook"
)

// membersOfNoList has lists that are not there, which is a fault of the whole:
// nothing is changed.
func membersOfNoList(t *testing.T, f *fixture) {
	other := addAccount(t, f.Accounts, "other")
	c := contact(firstNumber)
	l, gone, theirs := list("list"), list("gone"), list("theirs")
	f.insertAllNew(t, c)
	f.addLists(t, l, gone)
	addListsTo(t, f.Contacts, other.ID, theirs)
	joined := f.join(t, l, c)[0].Created
	f.join(t, gone, c)
	f.deleteLists(t, gone.SID)
	check := func() {
		t.Helper()
		for name, no := range map[string]addressbook.List{"unknown": list("unknown"), "deleted": gone, "another account's": theirs} {
			for _, contacts := range [][]addressbook.SID{{c.SID}, {contact(1).SID, c.SID}, {}} {
				var added []addressbook.MembershipResult
				err := f.Contacts.AddMembers(t.Context(), f.account, no.SID, joining(no, contacts...), Told(&added))
				isError(t, "add to a list that is "+name, err, addressbook.ErrNoList)
				var removed []addressbook.MembershipResult
				err = f.Contacts.RemoveMembers(t.Context(), f.account, no.SID, contacts, Told(&removed))
				isError(t, "remove from a list that is "+name, err, addressbook.ErrNoList)
				if len(added)+len(removed) != 0 {
					t.Errorf("%s: there are results: %v, %v", name, added, removed)
				}
			}
		}
		f.hasMembers(t, l, c)
		listed(t, f.Contacts, other.ID, theirs)
		page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 1}, WithLists: true})
		same(t, "lists", page.Lists, [][]addressbook.ListRef{{{SID: l.SID, Name: l.Name, Joined: joined}}})
	}
	check()
	f.reopen()
	check()
}

// manyMembers is the largest request that the wire allows, and one that has
// most of them again.
func manyMembers(t *testing.T, f *fixture) {
	n, more := 5000, 100
	if testing.Short() {
		n = 500
	}
	all := contacts(firstNumber, n+more)
	l := list("list")
	f.insertAllNew(t, all...)
	f.addLists(t, l)
	for _, part := range [][]addressbook.Contact{all[:n], all[more:]} {
		for i, r := range f.addMembers(t, l, joining(l, sidsOf(part)...)...) {
			was := r.Fault == addressbook.ErrMember
			if !was && r.Fault != nil || r.Membership == nil || r.Membership.Contact != part[i].SID {
				t.Fatalf("member %d: %+v, %v", i, r.Membership, r.Fault)
			}
		}
	}
	f.hasMembers(t, l, all...)
	f.removeMembers(t, l, sidsOf(all[more:n])...)
	f.hasMembers(t, l, append(all[:more:more], all[n:]...)...)
	f.delete(t, sidsOf(all[:n])...)
	f.hasMembers(t, l, all[n:]...)
	l.ContactCount = more
	same(t, "results", f.deleteLists(t, l.SID), []addressbook.ListResult{becameList(l)})
}
