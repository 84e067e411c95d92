package upload_test

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// away stands before the files and fails some calls, as a database would that
// is away.
type away struct {
	upload.Files
	write  atomic.Bool  // fail Write, after it has read something
	opened atomic.Int64 // calls of Open
	fail   func(n int64) bool
}

var errAway = &fault.Error{Kind: fault.Unavailable, Detail: "The database is away", RetryAfter: time.Second}

func (a *away) Write(ctx context.Context, account account.ID, upload addressbook.SID, from io.Reader) error {
	if a.write.Load() {
		_, _ = io.CopyN(io.Discard, from, 10)
		return errAway
	}
	return a.Files.Write(ctx, account, upload, from)
}

func (a *away) Open(ctx context.Context, account account.ID, upload addressbook.SID) (upload.Content, error) {
	if a.fail(a.opened.Add(1)) {
		return nil, errAway
	}
	return a.Files.Open(ctx, account, upload)
}

// TestFilesAway: a file that cannot be had for now is not lost, and one that
// cannot be kept is no upload.
func TestFilesAway(t *testing.T) {
	t.Parallel()
	a := &away{fail: func(n int64) bool { return n == 2 }} // after the look at the header
	s := servertest.Start(t, servertest.Options{Files: func(f upload.Files) upload.Files {
		a.Files = f
		return a
	}})
	c := s.Account("demo")
	if got := c.Await(c.Upload("Leads", numbers(0, 10))); got.Status != "completed" || got.Stats.Success != 10 {
		t.Errorf("got %+v", got)
	}
	if n := a.opened.Load(); n != 3 {
		t.Errorf("the file was opened %d times", n)
	}
	a.write.Store(true)
	for range 40 { // more than an account has at once: each place is given back
		refused := c.UploadForm(servertest.NewForm("list_name", "x").File(strings.Repeat("number\n", 100)))
		if got := refused.Fault(t, 503); got.Description != errAway.Detail {
			t.Fatalf("got %+v", got)
		}
	}
	a.write.Store(false)
	nothingLeft(t, s, c, 1)
}
