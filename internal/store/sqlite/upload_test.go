package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/store/storetest"
	"callbook/internal/upload"
)

// importing works uploads over the store until the test ends.
func (s *served) importing(t *testing.T, batchRows int) *upload.Importer {
	t.Helper()
	return s.importingOver(t, s.book, batchRows)
}

// importingOver does so over what stands before the store.
func (s *served) importingOver(t *testing.T, store upload.Store, batchRows int) *upload.Importer {
	t.Helper()
	imports, _ := s.importingWith(t, store, upload.Options{BatchRows: batchRows})
	return imports
}

// importingWith does so with these options, until it is stopped.
func (s *served) importingWith(t *testing.T, store upload.Store, opts upload.Options) (imports *upload.Importer, stop func()) {
	t.Helper()
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	imports, err := upload.Open(t.Context(), store, upload.NewDisk(s.path+".uploads"), s.rules(), opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		imports.Run(ctx)
		close(ended)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return imports, stop
}

func (s *served) rules() *addressbook.Book { return addressbook.New(s.book, addressbook.Options{}) }

var dryRun = addressbook.CreateOptions{DryRun: true}

// upload starts an upload of a file with these numbers.
func startUpload(t *testing.T, imports *upload.Importer, a account.Account, list string, first, n int) upload.Upload {
	t.Helper()
	return uploadWith(t, imports, a, list, first, n, upload.Request{})
}

func uploadWith(t *testing.T, imports *upload.Importer, a account.Account, list string, first, n int, r upload.Request) upload.Upload {
	t.Helper()
	r.ListName = list
	var b strings.Builder
	b.WriteString("number,first_name\n")
	for i := range n {
		fmt.Fprintf(&b, "+%d,Ada\n", first+i)
	}
	f, err := imports.Receive(t.Context(), a, strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	var started upload.Started
	err = imports.Start(t.Context(), a, f, r, storetest.Told(&started))
	if err != nil {
		t.Fatal(err)
	}
	return started.Upload
}

// ended waits until an upload has ended.
func (s *served) ended(t *testing.T, u upload.Upload) (got upload.Upload) {
	t.Helper()
	waitFor(t, "the upload to end", func() bool {
		var err error
		if got, err = s.book.Upload(t.Context(), u.Account.ID, u.SID); err != nil {
			t.Fatal(err)
		}
		return got.State != upload.Running
	})
	return got
}

// TestImportFailedCommit fails the commit of a batch: nothing of it is there,
// in the file or in the number index, until it is done again.
func TestImportFailedCommit(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme")
	s.insert(t, acme.ID, contacts(firstNumber+30, 5), 5)
	store := &failingCommit{Store: s.book, failed: make(chan error), again: make(chan struct{})}
	s.watch(func(int) error {
		if store.fails.Swap(false) {
			return errDisk
		}
		return nil
	})
	u := startUpload(t, s.importingOver(t, store, 20), acme, "Leads", int(firstNumber), 60)
	if err := <-store.failed; !errors.Is(err, errDisk) {
		t.Errorf("the second batch ended with %v, want %v", err, errDisk)
	}
	s.onWriter(t, func(conn *sqlite.Conn) error {
		x, err := s.book.indexes.get(conn, acme.ID)
		if err == nil && x.len != 25 {
			t.Errorf("%d contacts are in the number index, want 25", x.len)
		}
		return err
	})
	if n := s.stored(t, acme.ID); n != 25 {
		t.Errorf("%d contacts are stored, want 25", n)
	}
	close(store.again)
	got := s.ended(t, u)
	if got.State != upload.Completed || got.Stats != (upload.Stats{Success: 60}) {
		t.Errorf("got %+v", got)
	}
	if n := s.stored(t, acme.ID); n != 60 {
		t.Errorf("%d contacts are stored, want 60", n)
	}
	s.recount(t)
}

// failingCommit fails the commit of an upload's second batch. The importer does
// not learn of it, and so does not retry the batch, until again is closed.
type failingCommit struct {
	upload.Store
	batches int         // one worker at a time works an upload
	fails   atomic.Bool // the next commit is to fail
	failed  chan error  // receives how the second batch ended
	again   chan struct{}
}

func (f *failingCommit) ApplyBatch(ctx context.Context, batch *upload.Batch) (upload.State, error) {
	f.batches++
	if f.batches != 2 {
		return f.Store.ApplyBatch(ctx, batch)
	}
	f.fails.Store(true)
	state, err := f.Store.ApplyBatch(ctx, batch)
	select {
	case f.failed <- err:
	case <-ctx.Done():
	}
	select {
	case <-f.again:
	case <-ctx.Done():
	}
	return state, err
}

// contendedStore says that other accounts write too, and remembers how many rows
// the largest batch had.
type contendedStore struct {
	upload.Store
	rows int // one worker at a time works an upload
}

func (c *contendedStore) Contended(account.ID) bool { return true }

func (c *contendedStore) ApplyBatch(ctx context.Context, batch *upload.Batch) (upload.State, error) {
	c.rows = max(c.rows, len(batch.Contacts))
	return c.Store.ApplyBatch(ctx, batch)
}

// TestContendedImport keeps transactions short that others wait for.
func TestContendedImport(t *testing.T) {
	t.Parallel()
	const rows, most = 2500, 250
	s := serve(t, Options{})
	store := &contendedStore{Store: s.book}
	imports := s.importingOver(t, store, 0)
	u := s.ended(t, startUpload(t, imports, s.account(t, "acme"), "Leads", int(firstNumber), rows))
	if u.Stats != (upload.Stats{Success: rows}) {
		t.Errorf("got %+v", u.Stats)
	}
	if store.rows != most {
		t.Errorf("the largest batch has %d rows, want %d", store.rows, most)
	}
}

// TestImportRedo has a batch in a group with a job that fails: the batch is
// done again.
func TestImportRedo(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme")
	imports := s.importing(t, 20)
	s.ended(t, startUpload(t, imports, acme, "Leads", int(firstNumber), 10))
	held, let := make(chan struct{}), make(chan struct{})
	reach := sync.OnceFunc(func() { close(held) }) // it is done again, too
	s.submit(t, newJob(t.Context(), func(*sqlite.Conn) (int, error) {
		reach()
		<-let
		return 0, nil
	}))
	<-held
	// The upload's own row is its first job, its batch the next.
	done := make(chan upload.Upload, 1)
	go func() { done <- startUpload(t, imports, acme, "Leads", int(firstNumber)+5, 10) }()
	s.queued(t, 1)
	failing := failingJob(t, false)
	s.submit(t, failing)
	close(let)
	if err := <-failing.outcome; err == nil {
		t.Error("the job did not fail")
	}
	if got := s.ended(t, <-done); got.Stats != (upload.Stats{Success: 5, Duplicate: 5}) {
		t.Errorf("got %+v", got)
	}
	if n := s.number(t, `SELECT count(*) FROM uploads`); n != 2 {
		t.Errorf("there are %d uploads", n)
	}
	s.recount(t)
}

// TestBatchRedo has a batch itself done again, by a job that fails behind it.
func TestBatchRedo(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme")
	behind := &behind{Store: s.book, s: s, t: t}
	imports := s.importingOver(t, behind, 10)
	u := startUpload(t, imports, acme, "Leads", int(firstNumber), 95)
	if got := s.ended(t, u); got.State != upload.Completed || got.Stats != (upload.Stats{Success: 95}) {
		t.Errorf("got %+v", got)
	}
	if n := s.stored(t, acme.ID); n != 95 {
		t.Errorf("%d contacts are stored", n)
	}
	s.recount(t)
}

// behind puts a failing job behind each batch, into the same transaction.
type behind struct {
	upload.Store
	s *served
	t *testing.T
}

func (b *behind) ApplyBatch(ctx context.Context, batch *upload.Batch) (upload.State, error) {
	held, let := make(chan struct{}), make(chan struct{})
	reach := sync.OnceFunc(func() { close(held) }) // it is done again, too
	b.s.submit(b.t, newJob(ctx, func(*sqlite.Conn) (int, error) {
		reach()
		<-let
		return 0, nil
	}))
	<-held
	go func() {
		// The batch is queued a moment from now.
		for b.s.book.writer.queue.len() == 0 && ctx.Err() == nil {
			runtime.Gosched()
		}
		b.s.submit(b.t, failingJob(b.t, batch.Last))
		close(let)
	}()
	return b.Store.ApplyBatch(ctx, batch)
}

// TestImportRaces imports the same numbers twice into one list, while requests
// create and delete them, and take them out of the list.
func TestImportRaces(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme")
	imports := s.importing(t, 50)
	const n = 2000
	var uploads []upload.Upload
	for range 2 {
		uploads = append(uploads, startUpload(t, imports, acme, "Leads", int(firstNumber), n))
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for worker := range 3 {
		wg.Go(func() {
			for round := 0; ; round++ {
				select {
				case <-done:
					return
				default:
				}
				some := contacts(firstNumber+phone.Number((round*37+worker*700)%n), 20)
				sids := make([]addressbook.SID, len(some))
				err := s.book.InsertContacts(t.Context(), acme.ID, some, addressbook.CreateOptions{}, func(existing []*addressbook.Contact) *journal.Receipt {
					for i, e := range existing {
						if sids[i] = some[i].SID; e != nil {
							sids[i] = e.SID
						}
					}
					return nil
				})
				if err == nil && worker == 0 {
					err = s.book.DeleteContacts(t.Context(), acme.ID, storetest.NewDeletion(), sids, nil)
				} else if err == nil {
					err = s.book.RemoveMembers(t.Context(), acme.ID, uploads[0].List, sids, nil)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for _, u := range uploads {
		if got := s.ended(t, u); got.State != upload.Completed || got.Stats.Total() != n || got.Stats.Failed != 0 {
			t.Errorf("got %+v", got)
		}
	}
	close(done)
	wg.Wait()
	s.recount(t)
}
