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

// draft adds a draft for the list of this name.
func (f *fixture) draft(t *testing.T, acct account.Account, name string) upload.Draft {
	t.Helper()
	d := upload.Draft{
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
	if err := f.Uploads.AddDraft(t.Context(), d); err != nil {
		t.Fatalf("add draft: %v", err)
	}
	return d
}

func (f *fixture) hasDrafts(t *testing.T, want ...upload.Draft) {
	t.Helper()
	got, err := f.Uploads.Drafts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "drafts", got, want)
	for _, d := range want {
		got, err := f.Uploads.Draft(t.Context(), d.Account.ID, d.SID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "draft", got, d)
	}
}

func drafts(t *testing.T, f *fixture) {
	f.hasDrafts(t)
	one := f.draft(t, f.acct, "Leads")
	other := f.draft(t, addAccount(t, f.Accounts, "other"), "Leads")
	two := f.draft(t, f.acct, "")
	f.hasDrafts(t, one, other, two)
	f.listed(t) // no list is made
	_, err := f.Uploads.Draft(t.Context(), f.account, other.SID)
	isError(t, "read", err, upload.ErrNoDraft)

	two.Request = upload.Request{ListName: "Members", TypeGiven: true}
	two.Trial, _ = born()
	if err := f.Uploads.ChangeDraft(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	foreign := other
	foreign.Account = f.acct
	isError(t, "change", f.Uploads.ChangeDraft(t.Context(), foreign), upload.ErrNoDraft)
	f.hasDrafts(t, one, other, two)
	f.reopen()
	f.hasDrafts(t, one, other, two)
}

func removeDrafts(t *testing.T, f *fixture) {
	one, two := f.draft(t, f.acct, "Leads"), f.draft(t, f.acct, "Leads")
	other := addAccount(t, f.Accounts, "other")
	remove := func(account int64, want bool) {
		t.Helper()
		if was, err := f.Uploads.RemoveDraft(t.Context(), account, one.SID); err != nil || was != want {
			t.Errorf("the draft was there: %v, %v, want %v", was, err, want)
		}
	}
	remove(other.ID, false)
	f.hasDrafts(t, one, two)
	remove(f.account, true)
	remove(f.account, false)
	f.hasDrafts(t, two)
}

// startDrafts: a draft becomes an upload once.
func startDrafts(t *testing.T, f *fixture) {
	one, two := f.draft(t, f.acct, "Leads"), f.draft(t, f.acct, "Leads")
	file := csvOf(0, 3)
	uploadOf := func(d upload.Draft, l addressbook.List) (upload.Upload, error) {
		u := upload.Upload{SID: d.SID, Account: d.Account, ListName: l.Name, Type: l.Type, Lease: held, Created: d.Created, Started: moment(), Updated: moment()}
		if err := u.ReadHeader(strings.NewReader(file)); err != nil {
			t.Fatal(err)
		}
		err := f.Uploads.StartDraft(t.Context(), u, l, func(got addressbook.List) *journal.Receipt {
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
	f.hasDrafts(t, two)
	// What is refused leaves everything as it is.
	_, err = uploadOf(one, list("Other"))
	isError(t, "start again", err, upload.ErrNoDraft)
	wrong := list("Leads")
	wrong.Type = addressbook.Dynamic
	_, err = uploadOf(two, wrong)
	isFault(t, err, fault.Invalid)
	f.listed(t, leads)
	f.hasDrafts(t, two)
	if state := f.work(t, u, file, 10); state != upload.Completed {
		t.Errorf("the state is %v", state)
	}
}
