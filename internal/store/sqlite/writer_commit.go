package sqlite

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite/sqlitex"
)

func (w *writer) begin() error {
	if err := sqlitex.Execute(w.conn, "BEGIN IMMEDIATE", nil); err != nil {
		return fmt.Errorf("begin: %w", w.health.note(err))
	}
	return nil
}

func (w *writer) commit() error {
	err := w.added.write(w.conn)
	log := w.health.logSalts() // nobody else begins one within this transaction
	stamp := log == logSalts{} || log != w.stamped
	if err == nil && stamp {
		err = stampLog(w.conn)
	}
	if err == nil && w.beforeCommit != nil {
		err = w.beforeCommit()
	}
	if err == nil {
		w.commits.Add(1)
		err = sqlitex.Execute(w.conn, "COMMIT", nil)
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

// ended remembers the log that a transaction went into. Before is the log as it
// was within the transaction.
func (w *writer) ended(before logSalts, stamped bool) {
	// If the log has begun anew since, then either with this transaction, or
	// after it by another program, which does not stamp.
	if after := w.health.logSalts(); after != before {
		w.stamped = logSalts{}
	} else if stamped {
		w.stamped = after
	}
}

// stampAlone stamps the log after a transaction that was not stamped and that
// began it, because another program had made a checkpoint. What was committed
// stays so when this fails; then the next transaction stamps the log.
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

// rollback ends the transaction, unless SQLite itself has rolled it back, as
// it does when the disk is full.
func (w *writer) rollback() error {
	w.added.forget()
	if w.conn.AutocommitEnabled() {
		return nil
	}
	if err := sqlitex.Execute(w.conn, "ROLLBACK", nil); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// checkpoint moves what was committed from the log into the database file. It
// runs between transactions, after their answers have gone out, and often, so
// that the log stays short and is written over again and again: a file that
// neither grows nor shrinks is the cheapest to sync.
func (w *writer) checkpoint() {
	w.unsaved = 0
	w.stamped = logSalts{} // the next transaction begins the log anew, if all of it is in the file
	if err := sqlitex.Execute(w.conn, "PRAGMA wal_checkpoint(PASSIVE)", nil); err != nil {
		w.log.Error("checkpoint failed; the log grows until one succeeds", "error", w.health.note(err))
	}
}
