package upload_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/clock"
	"callbook/internal/journal"
	"callbook/internal/store/sqlite"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
	"callbook/internal/work"
)

// TestOpenLeavesUploads: a server that comes no further than Open, as one whose
// port is taken, keeps no other from working what is running.
func TestOpenLeavesUploads(t *testing.T) {
	servertest.EmbeddedOnly(t, "the store is opened a second time, without a server")
	t.Parallel()
	path := servertest.NewDatabase(t)
	never := &gate{before: func(int) error { return errStop }}
	s := servertest.Start(t, servertest.Options{Path: path, Imports: never.over})
	c := s.Account("demo")
	u := c.Upload("Leads", "number\n"+asha+"\n")
	s.Stop()

	imports := openOnly(t, path, nil)
	sid, ok := addressbook.ParseSID(u.ID)
	if !ok {
		t.Fatalf("%q is no sid", u.ID)
	}
	got, err := imports.Upload(t.Context(), imports.demo, sid)
	if err != nil || got.Lease != (work.Lease{}) {
		t.Errorf("the upload is %+v's, %v", got.Lease, err)
	}
	imports.close()
	if got := c.At(servertest.Start(t, servertest.Options{Path: path})).Await(u); got.Stats.Success != 1 {
		t.Errorf("got %+v", got)
	}
}

// changing is a store in which a pending file is changed when its trial is to begin.
type changing struct {
	upload.Store
	change func()
}

func (c *changing) AddUpload(ctx context.Context, u upload.Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error {
	c.change()
	return c.Store.AddUpload(ctx, u, list, ready)
}

// TestTryWhileChanged: a pending file that is changed while a trial of it begins stays
// as it was changed, and the trial is not of that.
func TestTryWhileChanged(t *testing.T) {
	servertest.EmbeddedOnly(t, "the store is opened without a server")
	t.Parallel()
	path := servertest.NewDatabase(t)
	s := servertest.Start(t, servertest.Options{Path: path})
	s.Account("demo")
	s.Stop()
	store := &changing{}
	imports := openOnly(t, path, func(under upload.Store) upload.Store {
		store.Store = under
		return store
	})
	file, err := imports.Receive(t.Context(), imports.demo, strings.NewReader(numbers(0, 1)))
	if err != nil {
		t.Fatal(err)
	}
	pending, err := imports.AddPending(t.Context(), file, upload.Request{ListName: "Leads"})
	if err != nil {
		t.Fatal(err)
	}
	store.change = func() {
		if _, err := imports.ChangePending(t.Context(), imports.demo, pending.SID, upload.Request{ListName: "Others"}); err != nil {
			t.Error(err)
		}
	}
	if u, err := imports.TryPending(t.Context(), imports.demo, pending.SID); err != nil || u.ListName != "Leads" {
		t.Errorf("the trial is %+v, %v", u, err)
	}
	got, err := imports.PendingFile(t.Context(), imports.demo, pending.SID)
	if err != nil || got.Request.ListName != "Others" || got.Trial != (addressbook.SID{}) {
		t.Errorf("the pending file is %+v, %v", got, err)
	}
}

// opened is an importer that does not run.
type opened struct {
	*upload.Importer
	demo  account.Account
	close func()
}

// openOnly opens an importer over a database that has the account demo. Wrap,
// when not nil, puts something before its store.
func openOnly(t *testing.T, path string, wrap func(upload.Store) upload.Store) opened {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	book, err := db.OpenAddressBook(sqlite.Options{})
	if err != nil {
		t.Fatal(errors.Join(err, db.Close()))
	}
	closeOnce := sync.OnceFunc(func() {
		if err := errors.Join(book.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(closeOnce)
	var store upload.Store = book
	if wrap != nil {
		store = wrap(store)
	}
	rules := addressbook.New(book, addressbook.Options{})
	log := slog.New(slog.DiscardHandler)
	imports, err := upload.Open(t.Context(), store, upload.NewDisk(path+".uploads"), rules, upload.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	demo, err := account.NewDirectory(db, clock.System).Account(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	return opened{imports, demo, closeOnce}
}

// stuck is a store that answers each page with the same one, as a damaged table
// does.
type stuck struct{ upload.Store }

func (stuck) Uploads(context.Context, account.ID, upload.Query) (upload.Page, error) {
	return upload.Page{Uploads: make([]upload.Upload, 1), Next: &addressbook.Position{SID: addressbook.SID{1}}}, nil
}

func (stuck) ErrorRows(context.Context, account.ID, addressbook.SID, int64, int) ([]upload.ErrorRow, error) {
	return []upload.ErrorRow{{Line: 7}}, nil
}

// TestPagesAdvance goes through all uploads, and all error rows of one.
func TestPagesAdvance(t *testing.T) {
	servertest.EmbeddedOnly(t, "the store is opened without a server")
	t.Parallel()
	path := servertest.NewDatabase(t)
	s := servertest.Start(t, servertest.Options{Path: path})
	s.Account("demo")
	s.Stop()
	imports := openOnly(t, path, func(under upload.Store) upload.Store { return stuck{under} })
	w := upload.Query{Window: addressbook.Window{Limit: 1}}
	page, err := imports.Uploads(t.Context(), imports.demo, w)
	if err != nil {
		t.Fatal(err)
	}
	w.After = page.Next
	if _, err := imports.Uploads(t.Context(), imports.demo, w); !errors.Is(err, addressbook.ErrNoAdvance) {
		t.Errorf("uploads: the error is %v", err)
	}
	if _, err := imports.ErrorRows(t.Context(), imports.demo, addressbook.SID{}, 7, 1); !errors.Is(err, addressbook.ErrNoAdvance) {
		t.Errorf("error rows: the error is %v", err)
	}
	if _, err := imports.Reasons(t.Context(), imports.demo, addressbook.SID{}); !errors.Is(err, addressbook.ErrNoAdvance) {
		t.Errorf("reasons: the error is %v", err)
	}
}
