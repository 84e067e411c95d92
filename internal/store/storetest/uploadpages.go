package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/upload"
)

func uploadPages(t *testing.T, f *fixture) {
	var all []upload.Upload // newest first
	for i := range 5 {
		u := f.upload(t, fmt.Sprint("list ", i), csvOf(0, 1), addressbook.CreateOptions{DryRun: i%2 == 1})
		all = append([]upload.Upload{f.read(t, u)}, all...)
	}
	for _, kind := range []upload.Kind{upload.AnyKind, upload.Imports, upload.DryRuns} {
		want := slices.DeleteFunc(slices.Clone(all), func(u upload.Upload) bool { return !kind.Has(&u) })
		page := func(w addressbook.Window) upload.Page {
			t.Helper()
			w.Sort, w.Desc = addressbook.ByCreated, true
			got, err := f.Uploads.Uploads(t.Context(), f.account, upload.Query{Window: w, Kind: kind})
			if err != nil {
				t.Fatal(err)
			}
			if got.Total != len(want) {
				t.Errorf("the total is %d, want %d", got.Total, len(want))
			}
			return got
		}
		for offset := range 7 {
			from := min(offset, len(want))
			same(t, "page", page(addressbook.Window{Offset: offset, Limit: 2}).Uploads, want[from:min(from+2, len(want))])
		}
		var got []upload.Upload
		for w := (addressbook.Window{Limit: 2}); ; {
			p := page(w)
			got = append(got, p.Uploads...)
			if p.Next == nil {
				break
			}
			w.After = p.Next
		}
		same(t, "pages by cursor", got, want)
	}
}

// fileNames are told of one account's uploads, newest first, until they are enough.
func fileNames(t *testing.T, f *fixture) {
	var sids []addressbook.SID
	for range 4 {
		sids = append([]addressbook.SID{f.upload(t, "Leads", csvOf(0, 1), addressbook.CreateOptions{}).SID}, sids...)
	}
	read := func(account account.ID, most int) (got []addressbook.SID) {
		t.Helper()
		err := f.Uploads.EachFileName(t.Context(), account, func(sid addressbook.SID, name string) bool {
			u, err := f.Uploads.Upload(t.Context(), f.account, sid)
			if err != nil || u.FileName != name {
				t.Errorf("%v has the name %q, and not %q, %v", sid, u.FileName, name, err)
			}
			got = append(got, sid)
			return len(got) < most
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	same(t, "all", read(f.account, 10), sids)
	same(t, "two", read(f.account, 2), sids[:2])
	if got := read(addAccount(t, f.Accounts, "other").ID, 10); got != nil {
		t.Errorf("the other account has %v", got)
	}
}

// filesInUse are those of running uploads and pending files of all accounts.
func filesInUse(t *testing.T, f *fixture) {
	other := &fixture{Stores: f.Stores, acct: addAccount(t, f.Accounts, "other")}
	other.account = other.acct.ID
	first := f.upload(t, "Leads", csvOf(0, 3), addressbook.CreateOptions{})
	second := other.upload(t, "Leads", csvOf(0, 3), addressbook.CreateOptions{DryRun: true})
	pending := f.pending(t, other.acct, "Leads")
	done := f.upload(t, "Leads", csvOf(0, 3), addressbook.CreateOptions{})
	f.work(t, done, csvOf(0, 3), 10)
	f.end(t, f.upload(t, "x", csvOf(0, 1), addressbook.CreateOptions{}), upload.Cancelled, moment())
	got, err := f.Uploads.FilesInUse(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b addressbook.SID) int { return bytes.Compare(a[:], b[:]) })
	same(t, "files in use", got, []addressbook.SID{first.SID, second.SID, pending.SID})
}
