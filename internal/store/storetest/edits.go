package storetest

import (
	"errors"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/clock/clocktest"
	"callbook/internal/phone"
)

// set changes a field to a text.
func set(text string) addressbook.Change {
	return addressbook.Change{Text: addressbook.Given(text), Set: true}
}

// emptied changes a field to nothing.
var emptied = addressbook.Change{Set: true}

// setNumber changes a number.
func setNumber(n phone.Number) addressbook.Change { return set(n.String()) }

// patching returns the Book through which patches and queries go that a store
// does not take raw: Book reads their numbers, and tells the time of a change.
func patching(store addressbook.Store, at time.Time) *addressbook.Book {
	return addressbook.New(store, addressbook.Options{Clock: clocktest.New(at)})
}

// update changes contacts of an account at a time.
func update(t tb, store addressbook.Store, acct account.Account, at time.Time, patches ...addressbook.Patch) []addressbook.Result {
	t.Helper()
	results, err := patching(store, at).UpdateContacts(t.Context(), acct, patches, nil)
	if err != nil || len(results) != len(patches) {
		t.Fatalf("update %d contacts: %d results, %v", len(patches), len(results), err)
	}
	return results
}

// update changes contacts of the fixture's account, and tells when.
func (f *fixture) update(t *testing.T, patches ...addressbook.Patch) ([]addressbook.Result, time.Time) {
	t.Helper()
	at := moment()
	return update(t, f.Contacts, f.acct, at, patches...), at
}

// delete deletes contacts of the fixture's account.
func (f *fixture) delete(t *testing.T, sids ...addressbook.SID) []addressbook.Result {
	t.Helper()
	return deleteFrom(t, f.Contacts, f.account, sids...)
}

func deleteFrom(t tb, store addressbook.Store, account account.ID, sids ...addressbook.SID) []addressbook.Result {
	t.Helper()
	var results []addressbook.Result
	err := store.DeleteContacts(t.Context(), account, NewDeletion(), sids, Told(&results))
	if err != nil || len(results) != len(sids) {
		t.Fatalf("delete %d contacts: %d results, %v", len(sids), len(results), err)
	}
	return results
}

// became is the result of a contact that was changed or deleted.
func became(c addressbook.Contact) addressbook.Result { return addressbook.Result{Contact: &c} }

// results of contacts that could not be changed.
var noContact = addressbook.Result{Fault: addressbook.ErrNoContact}

func numberTaken(by addressbook.Contact) addressbook.Result {
	return addressbook.Result{Contact: &by, Fault: addressbook.ErrNumberTaken}
}

// list returns a list with a sid and a date after those of all before.
func list(name string) addressbook.List {
	sid, created := born()
	return addressbook.List{SID: sid, Name: name, Created: created, Updated: created}
}

// addLists adds lists whose names are free, in one call.
func (f *fixture) addLists(t *testing.T, lists ...addressbook.List) {
	t.Helper()
	addListsTo(t, f.Contacts, f.account, lists...)
}

func addListsTo(t tb, store addressbook.Store, account account.ID, lists ...addressbook.List) {
	t.Helper()
	var results []addressbook.ListResult
	err := store.InsertLists(t.Context(), account, lists, Told(&results))
	if err != nil {
		t.Fatalf("insert %d lists: %v", len(lists), err)
	}
	var want []addressbook.ListResult
	for _, l := range lists {
		want = append(want, addressbook.ListResult{List: &l})
	}
	same(t, "results of new lists", results, want)
}

// updateLists changes lists of the fixture's account, and tells when.
func (f *fixture) updateLists(t *testing.T, patches ...addressbook.ListPatch) ([]addressbook.ListResult, time.Time) {
	t.Helper()
	at := moment()
	results, err := patching(f.Contacts, at).UpdateLists(t.Context(), f.acct, patches, nil)
	if err != nil || len(results) != len(patches) {
		t.Fatalf("update %d lists: %d results, %v", len(patches), len(results), err)
	}
	return results, at
}

func (f *fixture) deleteLists(t *testing.T, sids ...addressbook.SID) []addressbook.ListResult {
	t.Helper()
	var results []addressbook.ListResult
	err := f.Contacts.DeleteLists(t.Context(), f.account, NewDeletion(), sids, Told(&results))
	if err != nil {
		t.Fatalf("delete %d lists: %v", len(sids), err)
	}
	return results
}

// listed checks that the account has just these lists, in a page and one by
// one.
func (f *fixture) listed(t *testing.T, want ...addressbook.List) {
	t.Helper()
	listed(t, f.Contacts, f.account, want...)
}

func listed(t tb, store addressbook.Store, account account.ID, want ...addressbook.List) {
	t.Helper()
	page, err := store.Lists(t.Context(), account, addressbook.ListQuery{Window: addressbook.Window{Limit: len(want) + 1}})
	if err != nil {
		t.Fatalf("read lists: %v", err)
	}
	all := sortedBy(want, addressbook.Window{}, listPosition)
	same(t, "lists", page, addressbook.ListPage{Lists: all, Total: len(all)})
	for _, l := range all {
		got, err := store.List(t.Context(), account, l.SID)
		if err != nil {
			t.Fatalf("read list %v: %v", l.SID, err)
		}
		same(t, "list", got, l)
	}
}

// joining are memberships of contacts in a list, all from one moment.
func joining(l addressbook.List, contacts ...addressbook.SID) []addressbook.Membership {
	at := moment()
	members := make([]addressbook.Membership, len(contacts))
	for i, c := range contacts {
		members[i] = addressbook.Membership{List: l.SID, Contact: c, Created: at}
	}
	return members
}

func (f *fixture) addMembers(t *testing.T, l addressbook.List, members ...addressbook.Membership) []addressbook.MembershipResult {
	t.Helper()
	var results []addressbook.MembershipResult
	err := f.Contacts.AddMembers(t.Context(), f.account, l.SID, members, Told(&results))
	if err != nil || len(results) != len(members) {
		t.Fatalf("add %d members: %d results, %v", len(members), len(results), err)
	}
	return results
}

// join puts contacts into the list that are not in it.
func (f *fixture) join(t *testing.T, l addressbook.List, contacts ...addressbook.Contact) []addressbook.Membership {
	t.Helper()
	members := joining(l, sidsOf(contacts)...)
	same(t, "results of new members", f.addMembers(t, l, members...), memberships(members...))
	return members
}

func (f *fixture) removeMembers(t *testing.T, l addressbook.List, contacts ...addressbook.SID) []addressbook.MembershipResult {
	t.Helper()
	var results []addressbook.MembershipResult
	err := f.Contacts.RemoveMembers(t.Context(), f.account, l.SID, contacts, Told(&results))
	if err != nil || len(results) != len(contacts) {
		t.Fatalf("remove %d members: %d results, %v", len(contacts), len(results), err)
	}
	return results
}

// memberships are the results of memberships that began or ended.
func memberships(members ...addressbook.Membership) (results []addressbook.MembershipResult) {
	for _, m := range members {
		results = append(results, addressbook.MembershipResult{Membership: &m})
	}
	return results
}

func sidsOf(contacts []addressbook.Contact) (sids []addressbook.SID) {
	for _, c := range contacts {
		sids = append(sids, c.SID)
	}
	return sids
}

// hasMembers checks the list's members, and its count.
func (f *fixture) hasMembers(t *testing.T, l addressbook.List, want ...addressbook.Contact) {
	t.Helper()
	page := getPage(t, f.Contacts, f.account, addressbook.Query{
		Window: addressbook.Window{Limit: len(want) + 1}, Lists: []addressbook.SID{l.SID},
	})
	if page.Total != len(want) {
		t.Errorf("list %s: the total is %d, want %d", l.Name, page.Total, len(want))
	}
	sameContacts(t, page.Contacts, sortedBy(want, addressbook.Window{}, contactPosition))
	if got, err := f.Contacts.List(t.Context(), f.account, l.SID); err != nil || got.ContactCount != len(want) {
		t.Errorf("list %s: contact_count is %d, want %d (error: %v)", l.Name, got.ContactCount, len(want), err)
	}
}

// isError checks that an error is that fault.
func isError(t tb, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: the error is %v, want %v", what, got, want)
	}
}
