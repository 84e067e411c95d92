package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gofrs/flock"
)

// ownership is the exclusive right of one process to write contacts.
type ownership struct {
	db        *DB
	lockFiles []*flock.Flock
}

// own takes the ownership of the contacts. The error wraps [ErrInUse] if another
// process has it.
func (db *DB) own() (*ownership, error) {
	openFiles.Lock()
	defer openFiles.Unlock()
	held := !db.file.owned
	var err error
	if held {
		held, err = db.file.lockOwner()
	}
	if err != nil {
		return nil, fmt.Errorf("lock database %s: %w", db.name, err)
	}
	if !held {
		return nil, fmt.Errorf("database %s: %w", db.name, ErrInUse)
	}
	o := &ownership{db: db}
	if err := o.takeLockFiles(); err != nil {
		db.file.unlockOwner()
		return nil, err
	}
	db.file.owned = true
	return o, nil
}

// takeLockFiles locks the file .lock beside each name of the database. Older versions
// of callbook, and some systems, have no lock on the database file itself.
func (o *ownership) takeLockFiles() error {
	names := []string{o.db.file.path + ".lock"}
	if given, err := filepath.Abs(o.db.name); err == nil && given != o.db.file.path {
		names = append(names, given+".lock")
	}
	for _, name := range names {
		lock := flock.New(name, flock.SetPermissions(0o600))
		locked, err := lock.TryLock()
		if err != nil && locksFile && noRoom(err) {
			continue // the lock on the file itself is enough
		}
		if err == nil && locked {
			o.lockFiles = append(o.lockFiles, lock)
			continue
		}
		if err == nil {
			err = fmt.Errorf("database %s: %w", o.db.name, ErrInUse)
		} else {
			err = fmt.Errorf("lock database %s: %w", o.db.name, err)
		}
		return errors.Join(err, o.dropLockFiles())
	}
	return nil
}

func (o *ownership) dropLockFiles() (err error) {
	for _, lock := range o.lockFiles {
		err = errors.Join(err, lock.Unlock())
	}
	return err
}

// Unlock gives up the ownership.
func (o *ownership) Unlock() error {
	openFiles.Lock()
	defer openFiles.Unlock()
	err := o.dropLockFiles()
	o.db.file.unlockOwner()
	o.db.file.owned = false
	return err
}
