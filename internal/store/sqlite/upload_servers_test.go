package sqlite

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/store/storetest"
	"callbook/internal/upload"
	"callbook/internal/work"
)

// Several importers share a store here, as servers on one database do. The lock
// beside a file keeps true servers apart; importers know nothing of it.

// halting is a server's way to the store, which stops before one of its batches.
type halting struct {
	upload.Store
	at      int           // the batch, from 1
	reached chan struct{} // closed when it comes there
	release chan struct{} // lets it go on
	let     func()        // closes release

	mu     sync.Mutex
	n      int
	away   bool  // renewals and claims fail
	failed error // the last one of a batch
}

func (s *served) halting(at int) *halting {
	h := &halting{Store: s.book, at: at, reached: make(chan struct{}), release: make(chan struct{})}
	h.let = sync.OnceFunc(func() { close(h.release) })
	return h
}

func (h *halting) ApplyBatch(ctx context.Context, b *upload.Batch) (upload.State, error) {
	h.mu.Lock()
	h.n++
	n := h.n
	h.mu.Unlock()
	if n == h.at {
		close(h.reached)
		select {
		case <-h.release:
		case <-ctx.Done(): // the test has failed
		}
	}
	state, err := h.Store.ApplyBatch(ctx, b)
	if err != nil {
		h.mu.Lock()
		h.failed = err
		h.mu.Unlock()
	}
	return state, err
}

// UploadLeases fails while the server is away.
func (h *halting) UploadLeases() work.LeaseStore { return haltingLeases{h.Store.UploadLeases(), h} }

type haltingLeases struct {
	work.LeaseStore
	of *halting
}

func (l haltingLeases) Renew(ctx context.Context, lease work.Lease, uploads []work.ID) error {
	if l.of.isAway() {
		return errDisk
	}
	return l.LeaseStore.Renew(ctx, lease, uploads)
}

func (l haltingLeases) Claim(ctx context.Context, lease work.Lease, now time.Time, limit int) ([]work.ID, error) {
	if l.of.isAway() {
		return nil, errDisk
	}
	return l.LeaseStore.Claim(ctx, lease, now, limit)
}

func (h *halting) setAway(away bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away = away
}

func (h *halting) isAway() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.away
}

func (h *halting) lost() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return errors.Is(h.failed, work.ErrLost)
}

// noFiles waits until no file of an upload is left.
func (s *served) noFiles(t *testing.T) {
	t.Helper()
	waitFor(t, "the files to go", func() bool {
		entries, err := os.ReadDir(s.path + ".uploads")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries) == 0
	})
}

// TestTakeOver: a server that is silent for too long loses its upload to
// another, and learns of it.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme")
	c := clocktest.New(time.Unix(1_800_000_000, 0))
	opts := upload.Options{BatchRows: 10, Clock: clocktest.Func(c.Now), Poll: time.Millisecond}
	silent, next := s.halting(3), s.halting(2)
	first, _ := s.importingWith(t, silent, opts)
	u := startUpload(t, first, acme, "Leads", int(firstNumber), 60)
	<-silent.reached
	s.importingWith(t, next, opts)
	// As long as its lease is renewed, nobody takes it.
	for range 3 {
		c.Add(work.LeaseTime / 2)
		waitFor(t, "the lease to be renewed", func() bool {
			got, err := s.book.Upload(t.Context(), acme.ID, u.SID)
			return err == nil && got.Lease.Until.Sub(c.Now()) == work.LeaseTime
		})
	}
	silent.setAway(true)
	c.Add(work.LeaseTime + time.Second)
	<-next.reached
	silent.let()
	waitFor(t, "the first server to learn of it", silent.lost)
	next.let()
	if got := s.ended(t, u); got.State != upload.Completed || got.Stats != (upload.Stats{Success: 60}) {
		t.Errorf("got %+v", got)
	}
	s.noFiles(t)
	silent.setAway(false)
	// The first one has its place free again, and works others.
	if got := s.ended(t, startUpload(t, first, acme, "Leads", int(firstNumber), 5)); got.Stats != (upload.Stats{Duplicate: 5}) {
		t.Errorf("got %+v", got)
	}
	s.recount(t)
}

// TestTakeOverDryRun: what a dry run has tried is in the memory of its server,
// so another begins anew.
func TestTakeOverDryRun(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme")
	opts := upload.Options{BatchRows: 10, Poll: time.Millisecond}
	leaving := s.halting(3)
	first, stop := s.importingWith(t, leaving, opts)
	u := uploadWith(t, first, acme, "Leads", int(firstNumber), 60, upload.Request{Options: dryRun})
	<-leaving.reached
	s.importingWith(t, s.book, opts)
	leaving.let()
	stop() // at once it is the other's
	if got := s.ended(t, u); got.State != upload.Completed || got.Stats != (upload.Stats{Success: 60}) || got.New != 60 {
		t.Errorf("got %+v", got)
	}
	if n := s.stored(t, acme.ID); n != 0 {
		t.Errorf("%d contacts are stored", n)
	}
	s.noFiles(t)
}

// TestCancelElsewhere: who works an upload sees that another server has
// cancelled it.
func TestCancelElsewhere(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme")
	opts := upload.Options{BatchRows: 10, Poll: time.Millisecond}
	working := s.halting(2)
	first, _ := s.importingWith(t, working, opts)
	second, _ := s.importingWith(t, s.book, opts)
	u := startUpload(t, first, acme, "Leads", int(firstNumber), 60)
	<-working.reached
	var cancelled upload.Upload
	if err := second.Cancel(t.Context(), acme, u.SID, storetest.Told(&cancelled)); err != nil || cancelled.State != upload.Cancelled {
		t.Fatalf("got %+v, %v", cancelled, err)
	}
	working.let()
	s.noFiles(t)
	if got := s.ended(t, u); got.State != upload.Cancelled || got.Stats != (upload.Stats{Success: 10}) {
		t.Errorf("got %+v", got)
	}
}

// TestLeasesEndWithTheServer: what was left by a server that was killed is
// worked at once by the next.
func TestLeasesEndWithTheServer(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme")
	// Not run, so that it neither works nor gives back.
	imports, err := upload.Open(t.Context(), s.book, upload.NewDisk(s.path+".uploads"), s.rules(), upload.Options{})
	if err != nil {
		t.Fatal(err)
	}
	u := startUpload(t, imports, acme, "Leads", int(firstNumber), 5)
	if got, err := s.book.Upload(t.Context(), acme.ID, u.SID); err != nil || got.Lease.Server == "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	s.close(t)
	again := serveFile(t, s.path, Options{})
	again.importing(t, 0)
	if got := again.ended(t, u); got.Stats != (upload.Stats{Success: 5}) {
		t.Errorf("got %+v", got)
	}
}
