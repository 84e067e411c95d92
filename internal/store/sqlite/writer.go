package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/store"
)

// writer owns the one connection that writes contacts, and the goroutine that
// uses it. Jobs that wait while it is busy share the next transaction: a commit
// costs a trip to the disk, and sixty-four small requests then pay for one.
type writer struct {
	conn  *sqlite.Conn
	log   *slog.Logger
	queue *jobQueue
	done  sync.WaitGroup
	// turn is held within a transaction; see DB.
	turn chan struct{}

	// beforeCommit is called before each commit; an error of it makes the
	// commit fail. Only tests set it.
	beforeCommit func() error
	// committed, if set, is called after each commit with the jobs in it.
	committed func(group []*job)

	// stamped is the log that has a stamp for certain; the zero value if none
	// has. A transaction that goes into another one is stamped.
	stamped logSalts
	health  *health

	added   additions // of the transaction
	unsaved int       // bytes written since the last checkpoint, about

	commits atomic.Uint64 // one more before and one more after each commit
}

// state counts commits. Two read transactions that begin at the same settled state
// see the same snapshot.
type state uint64

// state returns the state of now.
func (w *writer) state() state { return state(w.commits.Load()) }

// settled tells that no commit was under way.
func (s state) settled() bool { return s%2 == 0 }

const (
	// groupRows is how many rows, and jobs, a transaction gathers before it is
	// committed.
	// Small requests reach it together; a bulk request does alone, so that its
	// answer waits for nobody else's rows.
	groupRows = 1000
	// bulkRows is from how many rows on a job does not wait for others to join
	// its transaction.
	bulkRows = 250
	// checkpointBytes is how much is written between two checkpoints.
	checkpointBytes = 3 << 20
	// commitBytes is what a commit writes besides its rows: the pages that it
	// changes only in part.
	commitBytes = 4 * pageBytes
)

// errClosed answers what comes after the store was closed.
var errClosed = fault.New(fault.Unavailable, "The server is shutting down")

func newWriter(conn *sqlite.Conn, db *DB, log *slog.Logger) *writer {
	w := &writer{conn: conn, log: log, queue: newJobQueue(), turn: db.turn, health: db.health}
	w.done.Go(w.loop)
	return w
}

// submit queues the job; the outcome comes over its channel. After an error it
// was not queued, and no outcome comes.
func (w *writer) submit(j *job) error {
	if err := w.health.refusal(); err != nil {
		return err
	}
	if j.ctx.Err() != nil {
		return context.Cause(j.ctx)
	}
	return w.queue.push(j)
}

// close ends the goroutine after the transaction it is in, and refuses what
// still waits. It is called once.
func (w *writer) close() {
	left := w.queue.close()
	w.done.Wait()
	for _, j := range left {
		if j.take() {
			j.outcome <- errClosed
		}
	}
}

func (w *writer) loop() {
	for first := w.queue.next(); first != nil; first = w.queue.next() {
		if first.rows < bulkRows {
			// Those who are about to queue a job run first: the larger a
			// group, the less of its commit each job costs.
			runtime.Gosched()
		}
		w.turn <- struct{}{}
		w.transact(first)
		<-w.turn
		if w.unsaved >= checkpointBytes {
			w.checkpoint()
		}
	}
}

// transact does the first job and those that wait behind it in one
// transaction.
func (w *writer) transact(first *job) {
	if err := w.begin(); err != nil {
		if first.take() {
			first.outcome <- err
		}
		return
	}
	var group []*job
	alone := true
	for next, rows := first, 0; next != nil; next = w.another(rows, first.account, alone) {
		if !next.take() {
			continue
		}
		rows += 1 + next.rows
		alone = alone && next.account == first.account
		bytes, err := next.work.run(w.conn)
		if err != nil {
			w.health.note(err)
			if !w.except(next, err, group) {
				return
			}
			break // whoever waited for the others to be done again waits no longer
		}
		w.unsaved += bytes
		group = append(group, next)
	}
	if err := w.health.refusal(); err != nil {
		w.fail(group, errors.Join(err, w.rollback()))
		return
	}
	if err := w.commit(); err != nil {
		w.health.note(err)
		w.fail(group, err)
		return
	}
	if err := w.health.glance(); err != nil {
		w.fail(group, err)
		return
	}
	w.unsaved += w.added.bytes + commitBytes
	w.added.bytes = 0
	if w.committed != nil {
		w.committed(group)
	}
	for _, j := range group {
		j.outcome <- nil
	}
}

// another returns a job that waits, if a transaction of so many rows takes one
// more. It is this account's alone, or one of several.
func (w *writer) another(rows int, account account.ID, alone bool) *job {
	if rows >= groupRows {
		return nil
	}
	return w.queue.another(account, alone)
}

// except takes a job that failed out of the transaction, and leaves the others
// in: everything is rolled back, and they are done again. That is dear, but rare:
// the disk failed, or the program has a mistake. What an account can bring about,
// such as a refusal by its share of the memory, must not come here: such a job
// undoes what it did and ends without an error of run. A savepoint for each job
// would cost a quarter of every small request. False means that all have failed.
func (w *writer) except(failed *job, err error, others []*job) bool {
	failed.work.undo()
	failed.outcome <- err
	for i := len(others) - 1; i >= 0; i-- {
		others[i].work.undo()
	}
	err = w.rollback()
	if err == nil {
		err = w.begin()
	}
	for i := 0; err == nil && i < len(others); i++ {
		_, err = others[i].work.redo(w.conn)
		w.health.note(err)
	}
	if err != nil {
		w.fail(others, errors.Join(redoError(err), w.rollback()))
		return false
	}
	return true
}

// redoError is what all jobs of a group are told when one of them cannot be done
// again. A fault is for the one whose request it is about, so the others are told
// only that the store does not answer.
func redoError(err error) error {
	if fault.As(err) == nil {
		return fmt.Errorf("do again with a group of which a job failed: %w", err)
	}
	// The text alone: whoever asks for the other's fault must not find it.
	return store.Away(fmt.Errorf("do again with a group of which a job failed: %v", err))
}

// fail undoes the jobs, the last one first, and tells them why.
func (w *writer) fail(group []*job, err error) {
	for i := len(group) - 1; i >= 0; i-- {
		group[i].work.undo()
		group[i].outcome <- err
	}
}
