package storetest

import (
	"strings"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

// pending adds a pending file for the list of this name.
func (f *fixture) pending(t *testing.T, acct account.Account, name string) upload.PendingFile {
	t.Helper()
	d := upload.PendingFile{
		Account:  acct,
		FileName: "it's \"ours\".csv",
		Size:     60 << 20,
		Request: upload.Request{
			ListName:  name,
			Type:      addressbook.Dynamic,
			TypeGiven: true,
			Mapping:   table.Mapping{Columns: []string{"number", "", "plan"}, NoHeader: true},
			Options:   addressbook.CreateOptions{OnDuplicate: addressbook.UpdateDuplicate},
		},
	}
	d.SID, d.Created = born()
	if err := f.Uploads.AddPending(t.Context(), d); err != nil {
		t.Fatalf("add pending file: %v", err)
	}
	return d
}

func (f *fixture) hasPending(t *testing.T, want ...upload.PendingFile) {
	t.Helper()
	got, err := f.Uploads.PendingFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "pending files", got, want)
	for _, d := range want {
		got, err := f.Uploads.PendingFile(t.Context(), d.Account.ID, d.SID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "pending file", got, d)
	}
}

func pendingFiles(t *testing.T, f *fixture) {
	f.hasPending(t)
	one := f.pending(t, f.acct, "Leads")
	other := f.pending(t, addAccount(t, f.Accounts, "other"), "Leads")
	two := f.pending(t, f.acct, "")
	f.hasPending(t, one, other, two)
	f.listed(t) // no list is made
	_, err := f.Uploads.PendingFile(t.Context(), f.account, other.SID)
	isError(t, "read", err, upload.ErrNotPending)

	two.Request = upload.Request{ListName: "Members", TypeGiven: true}
	two.Trial, _ = born()
	if err := f.Uploads.ChangePending(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	foreign := other
	foreign.Account = f.acct
	isError(t, "change", f.Uploads.ChangePending(t.Context(), foreign), upload.ErrNotPending)
	f.hasPending(t, one, other, two)
	f.reopen()
	f.hasPending(t, one, other, two)
}

func removePending(t *testing.T, f *fixture) {
	one, two := f.pending(t, f.acct, "Leads"), f.pending(t, f.acct, "Leads")
	other := addAccount(t, f.Accounts, "other")
	remove := func(account account.ID, want bool) {
		t.Helper()
		if was, err := f.Uploads.RemovePending(t.Context(), account, one.SID); err != nil || was != want {
			t.Errorf("the file was pending: %v, %v, want %v", was, err, want)
		}
	}
	remove(other.ID, false)
	f.hasPending(t, one, two)
	remove(f.account, true)
	remove(f.account, false)
	f.hasPending(t, two)
}

// startPending: a pending file becomes an upload once.
func startPending(t *testing.T, f *fixture) {
	one, two := f.pending(t, f.acct, "Leads"), f.pending(t, f.acct, "Leads")
	file := csvOf(0, 3)
	uploadOf := func(d upload.PendingFile, l addressbook.List) (upload.Upload, error) {
		u := upload.Upload{SID: d.SID, Account: d.Account, ListName: l.Name, Type: l.Type, Lease: held, Created: d.Created, Started: moment(), Updated: moment()}
		if err := u.ReadHeader(strings.NewReader(file), nil); err != nil {
			t.Fatal(err)
		}
		err := f.Uploads.StartPending(t.Context(), u, l, func(got addressbook.List) *journal.Receipt {
			u.List = got.SID
			return nil
		})
		return u, err
	}
	leads := list("Leads")
	u, err := uploadOf(one, leads)
	if err != nil {
		t.Fatal(err)
	}
	f.is(t, u)
	f.listed(t, leads)
	f.hasPending(t, two)
	// What is refused leaves everything as it is.
	_, err = uploadOf(one, list("Other"))
	isError(t, "start again", err, upload.ErrNotPending)
	wrong := list("Leads")
	wrong.Type = addressbook.Dynamic
	_, err = uploadOf(two, wrong)
	isFault(t, err, fault.Invalid)
	f.listed(t, leads)
	f.hasPending(t, two)
	if state := f.work(t, u, file, 10); state != upload.Completed {
		t.Errorf("the state is %v", state)
	}
}
