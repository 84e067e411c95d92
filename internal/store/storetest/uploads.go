package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

// Uploads runs the contract of [upload.Store], which needs a database's
// contacts too. Open is as for [AddressBook].
func Uploads(t *testing.T, open func(t *testing.T) Stores) {
	run(t, func(t *testing.T) *fixture { return newFixture(t, open(t)) }, []test[*fixture]{
		{"add uploads", addUploads},
		{"upload for a list of another type", uploadOtherType},
		{"uploads for a list by its sid", uploadsInto},
		{"add dry runs", addDryRuns},
		{"uploads of accounts are apart", uploadsApart},
		{"pending files", pendingFiles},
		{"start pending files", startPending},
		{"remove pending files", removePending},
		{"end uploads", endUploads},
		{"pages of uploads", uploadPages},
		{"names of files", fileNames},
		{"files in use", filesInUse},
		{"batches", batches},
		{"batches of what is there", batchesOfKnown},
		{"batches that skip and update", batchesOver},
		{"batches that fill the list", batchesFill},
		{"update in a full list", updateFull},
		{"batch out of turn", batchOutOfTurn},
		{"batch of an ended upload", batchOfEnded},
		{"batch when the list is gone", batchListGone},
		{"cancelled batch changes nothing", cancelledBatch},
		{"error rows", errorRows},
		{"error rows are bounded", errorRowsBounded},
		{"old uploads are deleted", oldUploads},
		{"old uploads are deleted at once", oldUploadsAtOnce},
		{"uploads over the limits are deleted", uploadsOverLimits},
		{"an upload survives", uploadSurvives},
		{"restart uploads", restartUploads},
		{"batches of suppressions", batchesOfSuppressions},
		{"dry runs of batches", dryBatches},
		{"dry runs fill the list", dryBatchesFill},
		{"dry run when the list is gone", dryListGone},
		{"what an upload added", uploadAdded},
		{"undoings", undoings},
		{"leases", leases},
		{"claims", claims},
		{"claims at once", claimsAtOnce},
		{"lost leases", lostLeases},
		{"released leases", releasedLeases},
		{"two uploads of one file", twoUploads},
		{"batches and deletes at once", batchesAndDeletes},
	})
}

// csvHeader names the columns of the tests' files.
const csvHeader = "number,first_name,tag\n"

// csv is a file of these rows.
func csv(rows ...string) string { return csvHeader + strings.Join(rows, "\n") + "\n" }

// csvOf is a file of n numbers from first on.
func csvOf(first, n int) string { return csvHeader + rowsOf(first, n) }

func rowsOf(first, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "+%d,Row,\n", int(firstNumber)+first+i)
	}
	return b.String()
}

// upload adds an upload of a file, for the list of this name.
func (f *fixture) upload(t *testing.T, name, file string, opts addressbook.CreateOptions) upload.Upload {
	t.Helper()
	u, err := f.tryUpload(t, list(name), file, opts)
	if err != nil {
		t.Fatalf("add upload: %v", err)
	}
	return u
}

func (f *fixture) tryUpload(t *testing.T, l addressbook.List, file string, opts addressbook.CreateOptions) (upload.Upload, error) {
	t.Helper()
	u := upload.Upload{
		Account:     f.acct,
		ListName:    l.Name,
		Type:        l.Type,
		OnDuplicate: opts.OnDuplicate,
		DryRun:      opts.DryRun,
		Lease:       held,
	}
	u.SID, u.Created = born()
	u.Started = moment()
	u.Updated = moment()
	u.FileName, u.Size = l.Name+".csv", int64(len(file))
	if opts.DryRun {
		u.Mapping = table.Mapping{Columns: []string{"number", "", "custom_field.\"a\u2028"}}
	}
	if err := u.ReadHeader(strings.NewReader(file), nil); err != nil {
		t.Fatalf("read header: %v", err)
	}
	var got addressbook.List
	err := f.Uploads.AddUpload(t.Context(), u, l, Told(&got))
	u.List = got.SID
	return u, err
}

// is checks that the upload is stored like this, and counts its error rows.
func (f *fixture) is(t *testing.T, want upload.Upload) {
	t.Helper()
	rows, err := f.Uploads.ErrorRows(t.Context(), want.Account.ID, want.SID, 0, 10_000)
	if err != nil {
		t.Fatalf("read error rows: %v", err)
	}
	want.Errors.Bytes = 0
	for _, row := range rows {
		want.Errors.Bytes += int64(len(row.Reason) + len(row.Record))
	}
	same(t, "upload", f.read(t, want), want)
}

func (f *fixture) read(t *testing.T, u upload.Upload) upload.Upload {
	t.Helper()
	got, err := f.Uploads.Upload(t.Context(), u.Account.ID, u.SID)
	if err != nil {
		t.Fatalf("read upload: %v", err)
	}
	return got
}

func addUploads(t *testing.T, f *fixture) {
	first := f.upload(t, "Leads", csvOf(0, 1), addressbook.CreateOptions{})
	f.is(t, first)
	l, err := f.Contacts.ListByName(t.Context(), f.account, "Leads")
	if err != nil || l.SID != first.List || l.Type != addressbook.Static || l.ContactCount != 0 {
		t.Fatalf("the list is %+v, %v", l, err)
	}
	f.listed(t, l)
	// The list is there, and keeps what it has.
	c := contact(firstNumber)
	f.insertAllNew(t, c)
	f.join(t, l, c)
	second := f.upload(t, "Leads", csvOf(0, 1), addressbook.CreateOptions{OnDuplicate: addressbook.UpdateDuplicate})
	if second.List != l.SID {
		t.Errorf("the second upload is for the list %v, want %v", second.List, l.SID)
	}
	f.is(t, second)
	f.is(t, first)
	f.hasMembers(t, l, c)
	// A name is another one in another case, or with a blank.
	for _, name := range []string{"leads", "Leads "} {
		if u := f.upload(t, name, csvOf(0, 1), addressbook.CreateOptions{}); u.List == l.SID {
			t.Errorf("%q is the list Leads", name)
		}
	}
	_, err = f.Contacts.ListByName(t.Context(), f.account, "LEADS")
	isFault(t, err, fault.NotFound)
}

func uploadOtherType(t *testing.T, f *fixture) {
	l := list("Leads")
	l.Type = addressbook.Dynamic
	u, err := f.tryUpload(t, l, csvOf(0, 1), addressbook.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f.is(t, u)
	f.listed(t, l)
	for _, dry := range []bool{false, true} {
		refused, err := f.tryUpload(t, list("Leads"), csvOf(0, 1), addressbook.CreateOptions{DryRun: dry})
		isFault(t, err, fault.Invalid)
		_, err = f.Uploads.Upload(t.Context(), f.account, refused.SID)
		isFault(t, err, fault.NotFound)
	}
	f.listed(t, l)
}

// addDryRuns: a list that is not there is not made.
func addDryRuns(t *testing.T, f *fixture) {
	opts := addressbook.CreateOptions{DryRun: true, OnDuplicate: addressbook.SkipDuplicate}
	l := list("Leads")
	u, err := f.tryUpload(t, l, csvOf(0, 1), opts)
	if err != nil || u.List != l.SID {
		t.Fatalf("the list is %v, %v, want %v", u.List, err, l.SID)
	}
	u.NewList = true
	f.is(t, u)
	f.listed(t)
	real := f.upload(t, "Leads", csvOf(0, 1), addressbook.CreateOptions{})
	there := f.upload(t, "Leads", csvOf(0, 1), opts)
	if there.List != real.List {
		t.Errorf("the dry run is for the list %v, want %v", there.List, real.List)
	}
	f.is(t, there)
	f.is(t, u)
}

func uploadsApart(t *testing.T, f *fixture) {
	u := f.upload(t, "Leads", csv("x"), addressbook.CreateOptions{})
	f.work(t, u, csv("x"), 10)
	other := addAccount(t, f.Accounts, "other").ID
	ctx := t.Context()
	_, err := f.Uploads.Upload(ctx, other, u.SID)
	isError(t, "read", err, upload.ErrNoUpload)
	err = f.Uploads.EndUpload(ctx, other, u.SID, upload.Cancelled, moment(), nil)
	isError(t, "end", err, upload.ErrNoUpload)
	_, err = f.Uploads.RestartUpload(ctx, other, u.SID, table.Position{}, held, moment())
	isError(t, "restart", err, upload.ErrNoUpload)
	if rows, err := f.Uploads.ErrorRows(ctx, other, u.SID, 0, 10); err != nil || len(rows) != 0 {
		t.Errorf("the other account has the error rows %v, %v", rows, err)
	}
	_, err = f.Contacts.ListByName(ctx, other, "Leads")
	isFault(t, err, fault.NotFound)
	page, err := f.Uploads.Uploads(ctx, other, upload.Query{Window: addressbook.Window{Limit: 10}})
	if err != nil || page.Total != 0 || len(page.Uploads) != 0 {
		t.Errorf("the other account has %+v, %v", page, err)
	}
	if got := f.read(t, u); got.State != upload.Completed || got.Stats.Failed != 1 {
		t.Errorf("the upload is %+v", got)
	}
}

// end puts an upload into a state, and returns what the caller is told.
func (f *fixture) end(t *testing.T, u upload.Upload, s upload.State, at time.Time) (got upload.Upload) {
	t.Helper()
	if err := f.Uploads.EndUpload(t.Context(), f.account, u.SID, s, at, Told(&got)); err != nil {
		t.Fatalf("end upload: %v", err)
	}
	return got
}

func endUploads(t *testing.T, f *fixture) {
	for _, state := range []upload.State{upload.Cancelled, upload.ListGone, upload.FileGone} {
		u := f.upload(t, "Leads", csvOf(0, 1), addressbook.CreateOptions{})
		at := moment()
		want := u
		want.State, want.Updated = state, at
		got := f.end(t, u, state, at)
		same(t, "ended upload", got, want)
		// It stays as it is.
		got = f.end(t, u, upload.Cancelled, moment())
		same(t, "upload ended again", got, want)
		f.is(t, want)
	}
	err := f.Uploads.EndUpload(t.Context(), f.account, addressbook.SID{}, upload.Cancelled, moment(), nil)
	isError(t, "end", err, upload.ErrNoUpload)
}

// errorRows are read by line, page by page.
func errorRows(t *testing.T, f *fixture) {
	file := csv("x,\"two\nlines\",", fmt.Sprintf("+%d", firstNumber), ",Asha", fmt.Sprintf("+%d,again", firstNumber))
	u := f.upload(t, "Leads", file, addressbook.CreateOptions{})
	f.work(t, u, file, 3)
	want := []upload.ErrorRow{
		{Line: 2, Kind: fault.Invalid, Reason: "Invalid Number: it has letters", Record: []byte("x,\"two\nlines\",")},
		{Line: 5, Kind: fault.Missing, Reason: "Number is mandatory", Record: []byte(",Asha")},
		{Line: 6, Kind: fault.Duplicate, Reason: addressbook.ErrMember.Detail, Record: []byte(fmt.Sprintf("+%d,again", firstNumber))},
	}
	for after, from := range map[int64]int{0: 0, 1: 0, 2: 1, 4: 1, 5: 2, 6: 3} {
		for _, limit := range []int{1, 2, 10} {
			got, err := f.Uploads.ErrorRows(t.Context(), f.account, u.SID, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprintf("%d error rows after line %d", limit, after), got, want[from:min(from+limit, len(want))])
		}
	}
	if rows, err := f.Uploads.ErrorRows(t.Context(), f.account, addressbook.SID{}, 0, 10); err != nil || len(rows) != 0 {
		t.Errorf("no upload has the error rows %v, %v", rows, err)
	}
}

func uploadSurvives(t *testing.T, f *fixture) {
	file := csvOf(0, 5) + "x\n"
	u := f.upload(t, "Leads", file, addressbook.CreateOptions{OnDuplicate: addressbook.SkipDuplicate})
	p := f.planner(t, u, file, 2)
	f.apply(t, p.next(t))
	want := f.read(t, u)
	f.reopen()
	// Whether the lease is still there is the engine's own affair; it has run out.
	claimed := f.claim(t, held.Server, held.Until, held.Until, 10)
	same(t, "claimed", claimed, ids(want))
	f.is(t, want)
	// It goes on where it was.
	if state := f.work(t, want, file, 2); state != upload.Completed {
		t.Errorf("the state is %v", state)
	}
	got := f.read(t, u)
	same(t, "stats", got.Stats, upload.Stats{Success: 5, Failed: 1})
	if got.New != 5 || got.Updated.Equal(want.Updated) {
		t.Errorf("the upload is %+v", got)
	}
}

// restartUploads: an upload that is taken back has worked nothing.
func restartUploads(t *testing.T, f *fixture) {
	file := csv("x", fmt.Sprintf("+%d", firstNumber), "y", "z")
	u := f.upload(t, "Leads", file, addressbook.CreateOptions{DryRun: true})
	u.NewList = true
	f.apply(t, f.planner(t, u, file, 3).next(t))
	if got := f.read(t, u); got.Stats.Total() != 3 || got.New != 1 || got.Position == u.Position {
		t.Fatalf("the upload is %+v", got)
	}
	at := moment()
	if state, err := f.Uploads.RestartUpload(t.Context(), f.account, u.SID, u.Position, held, at); err != nil || state != upload.Running {
		t.Fatalf("the state is %v, %v", state, err)
	}
	u.Updated = at
	f.is(t, u)
	if rows, err := f.Uploads.ErrorRows(t.Context(), f.account, u.SID, 0, 10); err != nil || len(rows) != 0 {
		t.Errorf("there are the error rows %v, %v", rows, err)
	}
	f.work(t, u, file, 2)
	want := f.read(t, u)
	same(t, "stats", want.Stats, upload.Stats{Success: 1, Failed: 3})
	// One that has ended stays as it is.
	if state, err := f.Uploads.RestartUpload(t.Context(), f.account, u.SID, u.Position, held, moment()); err != nil || state != upload.Completed {
		t.Errorf("the state is %v, %v", state, err)
	}
	f.is(t, want)
	_, err := f.Uploads.RestartUpload(t.Context(), f.account, addressbook.SID{}, u.Position, held, moment())
	isError(t, "restart", err, upload.ErrNoUpload)
}
