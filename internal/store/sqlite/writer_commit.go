package sqlite

import (
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/trace"
)

func (w *writer) begin() error {
	if err := sqlitex.Execute(w.conn, "BEGIN IMMEDIATE", nil); err != nil {
		return fmt.Errorf("begin: %w", w.health.note(err))
	}
	return nil
}

// commit commits the transaction of these jobs.
func (w *writer) commit(group []*job) error {
	err := w.added.write(w.conn)
	if err == nil {
		err = w.told.write(w.conn)
	}
	log := w.health.logSalts() // no other process can restart the log within this transaction
	stamp := log == logSalts{} || log != w.stamped
	if err == nil && stamp {
		err = stampLog(w.conn)
	}
	if err == nil && w.beforeCommit != nil {
		err = w.beforeCommit()
	}
	if err == nil {
		w.commits.Add(1)
		start := time.Now()
		err = sqlitex.Execute(w.conn, "COMMIT", nil)
		if w.onCommit != nil && err == nil {
			w.onCommit(len(group), time.Since(start))
		}
		for _, j := range group {
			trace.Committed(j.ctx, trace.SQLite, start, err)
		}
		w.commits.Add(1)
	}
	if err != nil {
		w.stamped = logSalts{}
		return errors.Join(fmt.Errorf("commit: %w", err), w.rollback())
	}
	if w.ended(log, stamp); !stamp && w.stamped != log {
		w.stampAlone()
	}
	return nil
}

// ended updates stamped after a transaction. Before is the log as it was within the
// transaction.
func (w *writer) ended(before logSalts, stamped bool) {
	// If the log was restarted, the transaction may have done that, or another program
	// after it, which writes no stamps.
	if after := w.health.logSalts(); after != before {
		w.stamped = logSalts{}
	} else if stamped {
		w.stamped = after
	}
}

// stampAlone stamps the log after a transaction without a stamp has restarted it, because
// another program had checkpointed it. If this fails, the transaction stays committed,
// and the next one stamps the log.
func (w *writer) stampAlone() {
	err := w.begin()
	if err == nil {
		log := w.health.logSalts()
		if err = stampLog(w.conn); err == nil {
			err = sqlitex.Execute(w.conn, "COMMIT", nil)
		}
		if err == nil {
			w.ended(log, true)
			return
		}
		err = errors.Join(err, w.rollback())
	}
	w.health.note(err)
}

// rollback ends the transaction. SQLite may have rolled it back itself, as it does when
// the disk is full.
func (w *writer) rollback() error {
	w.added.forget()
	w.told.forget()
	if w.conn.AutocommitEnabled() {
		return nil
	}
	if err := sqlitex.Execute(w.conn, "ROLLBACK", nil); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// checkpoint copies committed pages from the log into the database file. It runs between
// transactions, after their answers were sent. It runs often, so that the log stays short
// and is overwritten again and again: a file that neither grows nor shrinks is the
// cheapest to sync.
func (w *writer) checkpoint() {
	w.unsaved = 0
	w.stamped = logSalts{} // the next transaction restarts the log, if all of it was copied
	start := time.Now()
	if err := sqlitex.Execute(w.conn, "PRAGMA wal_checkpoint(PASSIVE)", nil); err != nil {
		w.log.Error("checkpoint failed; the log grows until one succeeds", "error", w.health.note(err))
		return
	}
	if w.onCheckpoint != nil {
		w.onCheckpoint(time.Since(start))
	}
}
