package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
)

// bad is a file of n rows that fail, each with a reason and a record of the same
// length.
func bad(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "x%04d,Bad,\n", i)
	}
	return csvHeader + b.String()
}

// badRow is the size of such a row among the error rows.
const badRow = int64(len("Invalid Number: it has letters") + len("x0000,Bad,"))

// errorsAre checks the first error rows of an upload, and what is counted of them.
func (f *fixture) errorsAre(t *testing.T, u upload.Upload, kept, omitted int) {
	t.Helper()
	got := f.read(t, u)
	want := upload.ErrorTotal{Bytes: int64(kept) * badRow, Omitted: omitted}
	if got.Errors != want || got.ErrorsKept() != kept {
		t.Errorf("the upload counts %+v, %d kept; want %+v", got.Errors, got.ErrorsKept(), want)
	}
	rows, err := f.Uploads.ErrorRows(t.Context(), f.account, u.SID, 0, kept+10)
	if err != nil || len(rows) != kept {
		t.Fatalf("there are %d error rows, %v; want %d", len(rows), err, kept)
	}
	for i, row := range rows {
		if row.Line != int64(2+i) {
			t.Errorf("error row %d is of line %d", i, row.Line)
		}
	}
}

// errorRowsBounded: the first rows are kept, and all are counted.
func errorRowsBounded(t *testing.T, f *fixture) {
	for _, tt := range []struct {
		rows  int
		bytes int64
		kept  int
	}{{25, 1 << 20, 25}, {1000, 25*badRow + badRow/2, 25}, {1000, 60 * badRow, 60}, {0, 1 << 20, 0}, {60, 1 << 20, 60}} {
		file := bad(60)
		u := f.upload(t, "Bad", file, addressbook.CreateOptions{})
		p := f.planner(t, u, file, 10)
		for state := upload.Running; state == upload.Running; {
			b := p.next(t)
			b.MaxErrorRows, b.MaxErrorBytes = tt.rows, tt.bytes
			state = f.apply(t, b)
		}
		if got := f.read(t, u); got.Stats != (upload.Stats{Failed: 60}) || got.State != upload.Completed {
			t.Errorf("got %+v", got)
		}
		f.errorsAre(t, u, tt.kept, 60-tt.kept)
	}
	// A dry run that begins anew keeps the first rows again.
	u := f.upload(t, "Try", bad(5), addressbook.CreateOptions{DryRun: true})
	b := f.planner(t, u, bad(5), 5).next(t)
	b.MaxErrorRows = 2
	f.apply(t, b)
	f.errorsAre(t, u, 2, 3)
	state, err := f.Uploads.RestartUpload(t.Context(), f.account, u.SID, u.Position, held, moment())
	if err != nil || state != upload.Running {
		t.Fatalf("restart: %v, %v", state, err)
	}
	f.errorsAre(t, u, 0, 0)
}

// ended adds an upload with so many error rows, which has ended.
func (f *fixture) ended(t *testing.T, name string, rows int) upload.Upload {
	t.Helper()
	u := f.upload(t, name, bad(rows), addressbook.CreateOptions{})
	f.work(t, u, bad(rows), 100)
	return f.read(t, u)
}

// gone checks that the uploads are not there, and nothing of them.
func (f *fixture) gone(t *testing.T, all ...upload.Upload) {
	t.Helper()
	for _, u := range all {
		_, err := f.Uploads.Upload(t.Context(), f.account, u.SID)
		isFault(t, err, fault.NotFound)
		if rows, err := f.Uploads.ErrorRows(t.Context(), f.account, u.SID, 0, 10); err != nil || len(rows) > 0 {
			t.Errorf("there are %d error rows, %v", len(rows), err)
		}
	}
}

// oldUploads go in small batches, and nothing else does.
func oldUploads(t *testing.T, f *fixture) {
	remove := func(before time.Time, rows int, want ...upload.Upload) {
		t.Helper()
		d, err := f.Uploads.DeleteUploads(t.Context(), before, rows)
		if err != nil || len(d.Uploads) != len(want) || d.Rows > rows {
			t.Fatalf("deleted %+v, %v; want %d uploads", d, err, len(want))
		}
		for i, u := range d.Uploads {
			if u.SID != want[i].SID || u.Account.ID != f.account {
				t.Errorf("deleted %v of account %d, want %v", u.SID, u.Account.ID, want[i].SID)
			}
		}
	}
	running := f.upload(t, "Running", bad(1), addressbook.CreateOptions{})
	first, second, third := f.ended(t, "First", 25), f.ended(t, "Second", 3), f.ended(t, "Third", 2)
	all := contacts(firstNumber, 3)
	f.insertAllNew(t, all...)
	l, err := f.Contacts.ListByName(t.Context(), f.account, "First")
	if err != nil {
		t.Fatal(err)
	}
	f.join(t, l, all...)
	before := f.everything(t)

	remove(first.Updated, 100)
	f.errorsAre(t, first, 25, 0)
	remove(third.Updated, 10) // ten error rows
	f.errorsAre(t, first, 15, 10)
	remove(third.Updated, 15)
	f.errorsAre(t, first, 0, 25)
	remove(third.Updated, 3, first) // and two error rows of the second
	f.errorsAre(t, second, 1, 2)
	f.gone(t, first)
	remove(third.Updated, 100, second)
	remove(third.Updated, 100)
	f.gone(t, first, second)
	f.is(t, third)
	f.errorsAre(t, third, 2, 0)
	f.is(t, running)
	before.same(t, "contacts and lists", f.everything(t))
	remove(moment(), 100, third)
	f.is(t, running)
}

// oldUploadsAtOnce has several servers delete them: each goes once.
func oldUploadsAtOnce(t *testing.T, f *fixture) {
	var all []upload.Upload
	for i := range 12 {
		all = append(all, f.ended(t, fmt.Sprint("List ", i), 10))
	}
	var mu sync.Mutex
	deleted := make(map[addressbook.SID]int)
	rows := 0
	var servers sync.WaitGroup
	for range 4 {
		servers.Go(func() {
			for {
				d, err := f.Uploads.DeleteUploads(t.Context(), all[11].Updated.Add(1), 25)
				if err != nil {
					t.Errorf("delete uploads: %v", err)
					return
				}
				mu.Lock()
				rows += d.Rows
				for _, u := range d.Uploads {
					deleted[u.SID]++
				}
				mu.Unlock()
				if d.Rows == 0 {
					return
				}
			}
		})
	}
	servers.Wait()
	f.gone(t, all...)
	for _, u := range all {
		if deleted[u.SID] != 1 {
			t.Errorf("upload %v was deleted %d times", u.SID, deleted[u.SID])
		}
	}
	if rows != 12*11 {
		t.Errorf("%d rows were deleted, want %d", rows, 12*11)
	}
}

// uploadsOverLimits: the newest of an account stay.
func uploadsOverLimits(t *testing.T, f *fixture) {
	other := &fixture{Stores: f.Stores, acct: addAccount(t, f.Accounts, "other")}
	other.account = other.acct.ID
	theirs := other.ended(t, "Theirs", 10)
	running := f.upload(t, "Running", bad(1), addressbook.CreateOptions{})
	a, b, c, d := f.ended(t, "A", 10), f.ended(t, "B", 10), f.ended(t, "C", 10), f.ended(t, "D", 10)
	trim := func(l upload.Limits, rows int) upload.Deleted {
		t.Helper()
		deleted, err := f.Uploads.TrimUploads(t.Context(), f.account, l, rows)
		if err != nil || deleted.Rows > rows {
			t.Fatalf("trim: %+v, %v", deleted, err)
		}
		return deleted
	}
	roomy := upload.Limits{Uploads: 4, ErrorBytes: 40 * badRow}
	if got := trim(roomy, 100); got.Rows != 0 {
		t.Errorf("within the limits, %+v was deleted", got)
	}
	// The oldest lose their error rows, and are still known.
	trim(upload.Limits{Uploads: 4, ErrorBytes: 25 * badRow}, 6)
	f.errorsAre(t, a, 4, 6)
	for range 5 {
		trim(upload.Limits{Uploads: 4, ErrorBytes: 25 * badRow}, 100)
	}
	f.errorsAre(t, a, 0, 10)
	f.errorsAre(t, b, 0, 10)
	f.errorsAre(t, c, 10, 0)
	if got := f.read(t, a).Stats; got != a.Stats {
		t.Errorf("the stats are %+v, were %+v", got, a.Stats)
	}
	// And then there are too many.
	if got := trim(upload.Limits{Uploads: 2, ErrorBytes: 1 << 20}, 100); len(got.Uploads) != 2 {
		t.Errorf("deleted %+v", got)
	}
	f.gone(t, a, b)
	f.errorsAre(t, d, 10, 0)
	f.is(t, running)
	other.is(t, theirs)
	other.errorsAre(t, theirs, 10, 0)
}
