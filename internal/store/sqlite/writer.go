package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/store"
)

// writer owns the connection that writes contacts, and the goroutine that uses it. Jobs
// that arrive while it is busy share the next transaction. A commit waits for the disk,
// so sixty-four small requests then pay for one wait.
type writer struct {
	conn  *sqlite.Conn
	log   *slog.Logger
	queue *jobQueue
	done  sync.WaitGroup
	// turn is DB.turn. The writer locks it during each transaction.
	turn chan struct{}

	// beforeCommit is called before each commit, which fails if it returns an error. Only
	// tests set it.
	beforeCommit func() error
	// committed, if set, is called after each commit with the jobs in it.
	committed func(group []*job)
	// gone, if set, is called when a job of an account was refused because the account is
	// being deleted.
	gone func(account.ID)
	// onCommit and onCheckpoint are those of [Options].
	onCommit     func(jobs int, took time.Duration)
	onCheckpoint func(took time.Duration)

	// stamped is the log that is known to have a stamp (see log_check.go), or zero. A
	// transaction that goes into another log writes a stamp.
	stamped logSalts
	health  *health

	added   additions // of the current transaction
	told    entries   // of the current transaction
	unsaved int       // about how many bytes were written since the last checkpoint

	commits atomic.Uint64 // incremented before and after each commit
}

// state is a value of writer.commits. Two read transactions that begin at the same
// settled state see the same snapshot.
type state uint64

// state returns the current state.
func (w *writer) state() state { return state(w.commits.Load()) }

// settled reports that no commit was under way.
func (s state) settled() bool { return s%2 == 0 }

const (
	// groupRows is how many rows and jobs a transaction gathers before it commits. Only
	// many small requests reach it together. A bulk request reaches it alone, so its
	// answer does not wait for other requests' rows.
	groupRows = 1000
	// bulkRows is from how many rows on a job does not wait for others to join its
	// transaction.
	bulkRows = 250
	// checkpointBytes is how many bytes are written between two checkpoints.
	checkpointBytes = 3 << 20
	// commitBytes estimates what a commit writes besides its rows: pages that it changes
	// only in part.
	commitBytes = 4 * pageBytes
)

// errClosed is the fault of a job that is submitted after close.
var errClosed = fault.New(fault.Unavailable, "The server is shutting down")

func newWriter(conn *sqlite.Conn, db *DB, log *slog.Logger) *writer {
	w := &writer{conn: conn, log: log, queue: newJobQueue(), turn: db.turn, health: db.health}
	w.done.Go(w.loop)
	return w
}

// submit queues the job. Its channel receives the outcome, unless submit returns an
// error.
func (w *writer) submit(j *job) error {
	if err := w.health.refusal(); err != nil {
		return err
	}
	if j.ctx.Err() != nil {
		return context.Cause(j.ctx)
	}
	return w.queue.push(j)
}

// close ends the goroutine after its current transaction, and refuses the waiting jobs.
// It may be called only once.
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
			// Let others queue their jobs first. The larger a group, the less of the
			// commit each job costs.
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

// transact runs the first job, and others that wait, in one transaction.
func (w *writer) transact(first *job) {
	if err := w.begin(); err != nil {
		if first.take() {
			first.outcome <- err
		}
		return
	}
	var group []*job
	alone, checked := true, account.None
	for next, rows := first, 0; next != nil; next = w.another(rows, first.account, alone) {
		if !next.take() {
			continue
		}
		if next.account != checked {
			if err := mayWrite(w.conn, next.account); err != nil {
				w.health.note(err)
				if w.gone != nil && errors.Is(err, account.ErrDeleted) {
					w.gone(next.account)
				}
				next.outcome <- err
				continue
			}
			checked = next.account
		}
		rows += 1 + next.rows
		alone = alone && next.account == first.account
		bytes, err := next.work.run(w.conn)
		if err != nil {
			w.health.note(err)
			if !w.except(next, err, group) {
				return
			}
			break // commit now, because the others were run twice and have waited long enough
		}
		w.unsaved += bytes
		group = append(group, next)
	}
	if err := w.health.refusal(); err != nil {
		w.fail(group, errors.Join(err, w.rollback()))
		return
	}
	if err := w.commit(group); err != nil {
		w.health.note(err)
		w.fail(group, err)
		return
	}
	if err := w.health.glance(); err != nil {
		w.fail(group, err)
		return
	}
	w.unsaved += w.added.bytes + w.told.bytes + commitBytes
	w.added.bytes, w.told.bytes = 0, 0
	if w.committed != nil {
		w.committed(group)
	}
	for _, j := range group {
		j.outcome <- nil
	}
}

// mayWrite returns an error unless the account exists and is not being deleted. Whoever
// deletes an account relies on it: what was deleted does not come back by a request that
// began before.
func mayWrite(conn *sqlite.Conn, id account.ID) error {
	if id == account.None {
		return nil
	}
	err := queryOne(conn, `SELECT 1 FROM accounts WHERE id = ? AND date_deleted IS NULL`, []any{id}, func(*sqlite.Stmt) error { return nil })
	if errors.Is(err, errNoRow) {
		return account.ErrDeleted
	}
	return err
}

// another returns another waiting job for a transaction that has so many rows, or nil.
// Alone means that all jobs so far are of this account.
func (w *writer) another(rows int, account account.ID, alone bool) *job {
	if rows >= groupRows {
		return nil
	}
	return w.queue.another(account, alone)
}

// except takes a failed job out of the transaction: it rolls everything back and runs the
// other jobs again. That is expensive, but only a failing disk or a bug makes a job fail.
// A refusal that an account can bring about, such as for its share of the memory, must
// not fail a job: the job undoes its changes and returns no error. A savepoint for each
// job would avoid the repetition, but add a quarter to the cost of every small request.
// Except returns false if all jobs have failed.
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

// redoError returns the error of all jobs in a group after one of them could not be run
// again. A fault is about one request, so the others get a general one.
func redoError(err error) error {
	if fault.As(err) == nil {
		return fmt.Errorf("do again with a group of which a job failed: %w", err)
	}
	// Do not wrap err, so that fault.As does not find another request's fault.
	return store.Away(fmt.Errorf("do again with a group of which a job failed: %v", err))
}

// fail undoes the jobs, the last one first, and sends them the error.
func (w *writer) fail(group []*job, err error) {
	for i := len(group) - 1; i >= 0; i-- {
		group[i].work.undo()
		group[i].outcome <- err
	}
}
