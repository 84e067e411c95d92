package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"

	"callbook/internal/fault"
	"callbook/internal/store"
)

// storeError is the one place where SQLite's result codes are read. It says
// what was being done, and makes a fault of what may be better a moment later:
// another process holds the database, or the disk is full or does not work.
// Nil stays nil, and a fault stays one.
func storeError(operation string, err error) error {
	if err == nil {
		return nil
	}
	if fault.As(err) != nil {
		return err
	}
	err = fmt.Errorf("%s: %w", operation, err)
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultFull, sqlite.ResultIOErr:
		return store.Away(err)
	}
	return err
}

// damagedError adds what to do to the error of a file that SQLite cannot read.
// Nil stays nil.
func damagedError(err error) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultNotADB:
		return fmt.Errorf("the file is no SQLite database: name another file, or if it was one, restore a backup with \"callbook restore\" (%w)", err)
	case sqlite.ResultCorrupt:
		return fmt.Errorf("the database is damaged: restore a backup with \"callbook restore\" (%w)", err)
	}
	return err
}
