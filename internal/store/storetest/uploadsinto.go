package storetest

import (
	"strings"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
)

// uploadsInto has uploads for a list by its sid, whatever it is called by then, and
// the last one for each list.
func uploadsInto(t *testing.T, f *fixture) {
	last := func(l addressbook.SID, want upload.Upload) {
		t.Helper()
		got, err := f.Uploads.LastUploadTo(t.Context(), f.account, l)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the last upload", got.SID, want.SID)
		same(t, "its header", string(got.Header), string(want.Header))
	}
	none := func(account account.ID, l addressbook.SID) {
		t.Helper()
		_, err := f.Uploads.LastUploadTo(t.Context(), account, l)
		isError(t, "the last upload", err, upload.ErrNoUpload)
	}
	into := func(sid addressbook.SID, l addressbook.List) (upload.Upload, error) {
		t.Helper()
		u := upload.Upload{Account: f.acct, List: sid, ListName: l.Name, Type: l.Type, Lease: held}
		u.SID, u.Created = born()
		u.Started, u.Updated = moment(), moment()
		const file = "number,city\n"
		u.Size = int64(len(file))
		if err := u.ReadHeader(strings.NewReader(file), nil); err != nil {
			t.Fatal(err)
		}
		var got addressbook.List
		err := f.Uploads.AddUpload(t.Context(), u, l, Told(&got))
		if err == nil && got.SID != sid {
			t.Errorf("the upload is for the list %v, want %v", got.SID, sid)
		}
		return u, err
	}

	first := f.upload(t, "Leads", csvOf(0, 1), addressbook.CreateOptions{})
	last(first.List, first)
	none(f.account+1, first.List)
	// A dry run brings nothing into the list.
	f.upload(t, "Leads", csvOf(0, 1), addressbook.CreateOptions{DryRun: true})
	last(first.List, first)
	other := f.upload(t, "Others", csvOf(0, 1), addressbook.CreateOptions{})
	last(first.List, first)

	// Renamed meanwhile, with its name taken by another list.
	before := list("Leads")
	f.updateLists(t, addressbook.ListPatch{SID: first.List, Name: set("Old leads")})
	f.addLists(t, before)
	second, err := into(first.List, before)
	if err != nil {
		t.Fatal(err)
	}
	last(first.List, second)
	last(other.List, other)
	none(f.account, before.SID)

	// Of another type, and deleted meanwhile: neither makes a list.
	dynamic := before
	dynamic.Type = addressbook.Dynamic
	if _, err := into(first.List, dynamic); !fault.Is(err, fault.Invalid) {
		t.Errorf("for a list of another type: %v", err)
	}
	f.deleteLists(t, first.List)
	_, err = into(first.List, list("Old leads"))
	isError(t, "an upload for a list that is gone", err, addressbook.ErrNoList)
	if _, err := f.Contacts.ListByName(t.Context(), f.account, "Old leads"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the list is there again: %v", err)
	}
}
