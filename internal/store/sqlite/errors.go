package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"

	"callbook/internal/fault"
	"callbook/internal/store"
)

// storeError adds the operation to an error. It turns an error that may be gone a moment
// later into an Unavailable fault: another process holds the database, or the disk is
// full or fails. It returns nil and faults unchanged. No other function reads SQLite's
// result codes.
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

// damagedError adds advice to the error of a file that SQLite cannot read. It returns nil
// for nil.
func damagedError(err error) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultNotADB:
		return fmt.Errorf("the file is no SQLite database: name another file, or if it was one, restore a backup with \"callbook restore\" (%w)", err)
	case sqlite.ResultCorrupt:
		return fmt.Errorf("the database is damaged: restore a backup with \"callbook restore\" (%w)", err)
	}
	return err
}
