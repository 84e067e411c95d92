package storetest

import (
	"testing"

	"callbook/internal/addressbook"
)

// insertWith inserts with options and returns what decided was told.
func (f *fixture) insertWith(t *testing.T, opts addressbook.CreateOptions, contacts ...addressbook.Contact) (existing []*addressbook.Contact) {
	t.Helper()
	err := f.Contacts.InsertContacts(t.Context(), f.account, contacts, opts, Told(&existing))
	if err != nil {
		t.Fatal(err)
	}
	return existing
}

// insertOver: a contact that has the number gets the fields that are given.
func insertOver(t *testing.T, f *fixture) {
	known := contacts(firstNumber, 2)
	f.insertAllNew(t, known...)

	over := contact(firstNumber)
	over.Texts[addressbook.FirstName] = addressbook.Text{}
	over.Texts[addressbook.Tag] = addressbook.Given("New")
	over.CustomField = ""
	fresh := contact(firstNumber + 2)

	want := known[0]
	want.Texts[addressbook.Email], want.Texts[addressbook.Tag], want.Updated = over.Texts[addressbook.Email], over.Texts[addressbook.Tag], over.Updated
	existing := f.insertWith(t, addressbook.CreateOptions{OnDuplicate: addressbook.UpdateDuplicate}, over, fresh)
	if existing[0] == nil || *existing[0] != want || existing[1] != nil {
		t.Errorf("existing are %+v and %+v, want %+v and none", existing[0], existing[1], want)
	}
	f.holds(t, want, known[1], fresh)

	// The same once more makes no difference.
	again := over
	again.Updated = over.Updated.Add(1)
	existing = f.insertWith(t, addressbook.CreateOptions{OnDuplicate: addressbook.UpdateDuplicate}, again)
	if existing[0] == nil || *existing[0] != want {
		t.Errorf("existing is %+v, want %+v", existing[0], want)
	}

	// Skipping changes nothing, here as with any duplicate.
	existing = f.insertWith(t, addressbook.CreateOptions{OnDuplicate: addressbook.SkipDuplicate}, contact(firstNumber))
	if existing[0] == nil || *existing[0] != want {
		t.Errorf("existing is %+v, want %+v", existing[0], want)
	}
	f.holds(t, want, known[1], fresh)
}

// dryRuns decide as others do, and change nothing.
func dryRuns(t *testing.T, f *fixture) {
	known := contact(firstNumber)
	f.insertAllNew(t, known)
	for _, on := range []addressbook.OnDuplicate{addressbook.RejectDuplicate, addressbook.SkipDuplicate, addressbook.UpdateDuplicate} {
		over := contact(firstNumber)
		want := known
		if on == addressbook.UpdateDuplicate {
			want.Overwrite(&over)
		}
		existing := f.insertWith(t, addressbook.CreateOptions{OnDuplicate: on, DryRun: true}, over, contact(firstNumber+1))
		if existing[0] == nil || *existing[0] != want || existing[1] != nil {
			t.Errorf("existing are %+v and %+v, want %+v and none", existing[0], existing[1], want)
		}
		f.holds(t, known)
	}
	f.insertAllNew(t, contact(firstNumber+1))
}
