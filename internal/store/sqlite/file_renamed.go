package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// saveRenamed checkpoints a database file that is lost because it was renamed, so that
// the file is complete under its new name. SQLite would not do so when the connection
// closes, and would remove the log by its name. The open connections still refer to
// the right files.
//
// It logs the outcome. It does nothing for a file that is lost in another way.
func (b *AddressBook) saveRenamed() {
	lost := b.db.health.lost.Load()
	if lost == nil || !errors.Is(*lost, errRemoved) || b.watch.log == nil {
		return
	}
	if info, err := b.watch.file.file.Stat(); err == nil && links(info) == 0 {
		return // the file has no name left
	}
	log := b.writer.log
	err := b.watch.renamed()
	if err == nil {
		err = emptyLog(b.conn)
	}
	if err != nil {
		log.Error("the database file was renamed, and is not whole without its log", "error", err,
			"advice", "do not start the file under another name: its newest changes are in "+b.db.path+walSuffix+"; give the file its old name again first")
		return
	}
	log.Info("the database file was renamed, and has all that was written; a server can be started on it under its new name")
}

// renamed returns nil if the file and its log are complete and no other file can have
// used the log or the shared memory.
func (w *watch) renamed() error {
	if err := w.glance(); err != nil {
		return err
	}
	info, err := w.file.file.Stat()
	if err != nil {
		return err
	}
	if short, err := w.shortened(info.Size()); err != nil || short {
		return because(errTruncated, err)
	}
	path := w.file.path
	// If another file has the old name, SQLite may have applied the log to that.
	switch there, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case !os.SameFile(there, info):
		return errors.New("another file has its old name")
	}
	if info, err = os.Stat(path + shmSuffix); err != nil || !os.SameFile(info, w.shm) {
		return because(errNoShm, err)
	}
	log, err := w.log.Stat()
	if err != nil {
		return err
	}
	if info, err = os.Stat(path + walSuffix); err != nil || !os.SameFile(info, log) {
		return because(errNoLog, err)
	}
	return nil
}

// emptyLog checkpoints the whole log into the file and truncates the log.
func emptyLog(conn *sqlite.Conn) error {
	conn.SetInterrupt(nil)
	busy := false
	err := sqlitex.ExecuteTransient(conn, "PRAGMA wal_checkpoint(TRUNCATE)", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			busy = stmt.ColumnBool(0)
			return nil
		},
	})
	if err == nil && busy {
		err = errors.New("another program reads or writes it")
	}
	if err != nil {
		return fmt.Errorf("move the log into the file: %w", err)
	}
	return nil
}
