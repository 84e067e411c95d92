package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"callbook/internal/test/pgtest"
)

// trial is a server that a fault hits, and what clients were told before, during
// and after it. Each test of the fault suite begins with newTrial and ends with
// trial.end.
type trial struct {
	t    *testing.T
	db   string
	args []string
	auth credentials
	s    *server
	c    *client
	seen *ledger
	idle footprint
}

// engines runs f as a subtest for each engine, with the name of an empty database.
func engines(t *testing.T, f func(t *testing.T, db string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, newDB(t)) })
	t.Run("postgres", func(t *testing.T) {
		db := pgtest.Database(t, nil)
		if got := callbook(t, "migrate", "--db", db); got.code != 0 {
			t.Fatalf("migrate: exit code %d, %s", got.code, got.stderr)
		}
		f(t, db)
	})
}

func isPostgres(db string) bool { return strings.HasPrefix(db, "postgres://") }

// newTrial starts a server on a database whose schema is in place, or that is a
// file, and measures its footprint.
func newTrial(t *testing.T, db string, args ...string) *trial {
	t.Helper()
	tr := &trial{t: t, db: db, args: args, seen: newLedger(), auth: newAccount(t, db, "steady")}
	tr.start()
	tr.work(20)
	tr.settle(1 << 40)
	tr.idle = tr.measure()
	tr.start()
	return tr
}

// start starts a server that reports its garbage collections.
func (tr *trial) start() {
	tr.t.Helper()
	args := append([]string{"--addr", "127.0.0.1:0", "--db", tr.db}, tr.args...)
	tr.s = launch(tr.t, args, []string{"GODEBUG=gctrace=1"})
	tr.c = newClient(tr.t, tr.s, tr.auth)
}

// send sends the next request of the ledger, half of them with an
// Idempotency-Key, and tells whether the server did it. Only a refusal with 503
// may keep it from that.
func (tr *trial) send() (done bool, err error) {
	r := tr.seen.next()
	var got answer
	if len(r.tag)%2 == 0 {
		got, err = tr.c.keyed(r.tag, r.contacts)
	} else {
		got, err = tr.c.post(r.contacts)
	}
	switch {
	case err != nil:
		return false, fmt.Errorf("%s: %w", r.tag, err)
	case got.status == http.StatusServiceUnavailable:
		return false, isUnavailable(got)
	}
	return true, r.answered(got)
}

// work sends requests, all of which must be done.
func (tr *trial) work(requests int) {
	tr.t.Helper()
	for range requests {
		if done, err := tr.send(); err != nil || !done {
			tr.t.Fatalf("the server does not serve: done %t, %v", done, err)
		}
	}
}

// read sends each kind of request that reads, and tells whether all were
// answered. Only a refusal with 503 may keep them from that.
func (tr *trial) read() (done bool, err error) {
	for _, path := range []string{"/contacts?limit=20", "/contacts?limit=20&q=request-1", "/lists?limit=1"} {
		got, err := tr.c.call(http.MethodGet, path, nil)
		switch {
		case err != nil:
			return false, fmt.Errorf("%s: %w", path, err)
		case got.status == http.StatusServiceUnavailable:
			return false, isUnavailable(got)
		case got.status != http.StatusOK:
			return false, fmt.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
	return true, nil
}

// steady is clients that write and read until they are stopped.
type steady struct {
	t                       *testing.T
	stopping                atomic.Bool
	clients                 sync.WaitGroup
	written, read           atomic.Int64 // what was done
	refused, refusedReading atomic.Int64
}

// steady starts clients. When the fault is over they must be stopped.
func (tr *trial) steady(writers int) *steady {
	st := &steady{t: tr.t}
	run := func(do func() (bool, error), done, refused *atomic.Int64) {
		st.clients.Go(func() {
			for !st.stopping.Load() && !tr.t.Failed() {
				ok, err := do()
				switch {
				case err != nil:
					tr.t.Errorf("a client that does nothing wrong: %v", err)
				case ok:
					done.Add(1)
				default:
					refused.Add(1)
				}
			}
		})
	}
	for range writers {
		run(tr.send, &st.written, &st.refused)
	}
	run(tr.read, &st.read, &st.refusedReading)
	return st
}

// progress waits until so many more writes, and reads, were done.
func (st *steady) progress(writes, reads int64) {
	st.t.Helper()
	written, read := st.written.Load(), st.read.Load()
	if !waitFor(patience, func() bool {
		return st.t.Failed() || st.written.Load() >= written+writes && st.read.Load() >= read+reads
	}) {
		st.t.Fatalf("the clients do not get on: %d writes, %d reads", st.written.Load()-written, st.read.Load()-read)
	}
}

// stop stops the clients.
func (st *steady) stop() {
	st.stopping.Store(true)
	st.clients.Wait()
	st.t.Logf("%d writes done, %d refused; %d reads done, %d refused",
		st.written.Load(), st.refused.Load(), st.read.Load(), st.refusedReading.Load())
}

// noneRefused checks that nobody was told to come again.
func (st *steady) noneRefused() {
	st.t.Helper()
	if w, r := st.refused.Load(), st.refusedReading.Load(); w+r > 0 {
		st.t.Errorf("%d writes and %d reads of a client that does nothing wrong were refused", w, r)
	}
}

// recount compares the address book with what clients were told.
func (tr *trial) recount() {
	tr.t.Helper()
	tr.seen.check(tr.t, tr.c.all(tr.t, "/contacts"))
}

// end is what must be true when a fault is over: the server serves without a
// restart, has lost and doubled nothing, takes no more than before, and leaves a
// sound database. The server has ended afterwards.
func (tr *trial) end() {
	tr.t.Helper()
	awaitReady(tr.t, tr.s)
	tr.work(5)
	tr.recount()
	for _, r := range tr.seen.requests {
		if r.sids == nil { // a client without an answer sends the same again
			tr.seen.retry(tr.t, tr.c, r)
		}
	}
	peak := memory(tr.t, tr.s, "VmHWM:")
	tr.settle(tr.idle.heap + heapSlack)
	now := tr.measure()
	tr.t.Logf("peak %d MB; live heap %d MB, before the fault %d; goroutines %d, before %d",
		peak>>20, now.heap>>20, tr.idle.heap>>20, now.goroutines, tr.idle.goroutines)
	if peak > maxPeak && !raceDetector {
		tr.t.Errorf("the server took %d MB, more than %d", peak>>20, maxPeak>>20)
	}
	if now.heap > tr.idle.heap+heapSlack {
		tr.t.Errorf("the live heap is %d bytes after the fault, before it was %d", now.heap, tr.idle.heap)
	}
	if now.goroutines > tr.idle.goroutines+goroutineSlack {
		tr.t.Errorf("%d goroutines are left, before the fault there were %d:\n%.20000s", now.goroutines, tr.idle.goroutines, dumpOf(tr.s))
	}
	tr.start()
	tr.recount()
	tr.s.stop(tr.t)
	checkClean(tr.t, tr.db)
}
