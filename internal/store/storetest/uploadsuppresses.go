package storetest

import (
	"fmt"
	"strings"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/suppression"
	"callbook/internal/upload"
	"callbook/internal/work"
)

// batchesOfSuppressions: the numbers of an upload that suppresses become suppressions, and
// neither contacts nor a list; one that is suppressed already stays as it is.
func batchesOfSuppressions(t *testing.T, f *fixture) {
	old := suppressions(firstNumber, 1)[0]
	f.addSuppressions(t, old)
	file := "number,note\n" + fmt.Sprintf("+%d,new\n+%d,asked\nx,\n+%d,\n+%d,twice\n", firstNumber, firstNumber+1, firstNumber+2, firstNumber+1)
	u := upload.Upload{Account: f.acct, Suppresses: true, FileName: "register.csv", Size: int64(len(file)), Lease: held}
	u.SID, u.Created = born()
	u.Started, u.Updated = moment(), moment()
	if err := u.ReadHeader(strings.NewReader(file), nil); err != nil {
		t.Fatal(err)
	}
	var lists []addressbook.List
	if err := f.Uploads.AddUpload(t.Context(), u, addressbook.List{}, func(l addressbook.List) *journal.Receipt {
		lists = append(lists, l)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	f.is(t, u)
	f.listed(t)
	page, err := f.Uploads.Uploads(t.Context(), f.account, upload.Query{Contacts: true, Window: addressbook.Window{Limit: 10}})
	if err != nil || page.Total != 0 {
		t.Errorf("%d uploads are listed among those of contacts, %v", page.Total, err)
	}

	p := f.planner(t, u, file, 2)
	for {
		b := p.next(t)
		stranger := *b
		stranger.Lease.Server = "another"
		_, err := f.Uploads.ApplyBatch(t.Context(), &stranger)
		isError(t, "a batch of another server", err, work.ErrLost)
		state := f.apply(t, b)
		p.Applied(b)
		if state != upload.Running {
			same(t, "state", state, upload.Completed)
			break
		}
	}
	f.reopen()
	same(t, "stats", f.read(t, u).Stats, upload.Stats{Success: 2, Duplicate: 2, Failed: 1})
	kept := f.suppressionPage(t, suppression.Query{Limit: 10})
	got := make(map[string]string)
	for _, s := range kept.Suppressions {
		got[s.Number.String()] = s.Source + " " + s.Note
	}
	same(t, "suppressions", got, map[string]string{
		old.Number.String():        old.Source + " " + old.Note,
		(firstNumber + 1).String(): suppression.FromImport + " asked",
		(firstNumber + 2).String(): suppression.FromImport + " ",
	})
	same(t, "total", kept.Total, 3)
	f.holds(t)
}
