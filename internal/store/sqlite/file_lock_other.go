//go:build !linux && !darwin

package sqlite

import (
	"context"
	"os"
	"strings"

	"github.com/gofrs/flock"
)

// locksFile says that on this system there is no lock on the database file itself,
// other than SQLite's. The lock is a file beside the database, after its name without
// symbolic links. The use of a second name (a hard link) is not detected.
const locksFile = false

func (f *dbFile) lockOpening(context.Context) error { return nil }

func (f *dbFile) unlockOpening() {}

// lockName reports whether no server has the file open.
func (f *dbFile) lockName() (alone bool, err error) {
	lock := flock.New(f.path+".lock", flock.SetPermissions(0o600))
	alone, err = lock.TryLock()
	if alone {
		err = lock.Unlock()
	}
	return alone, err
}

func nameKey(path string) (string, error) { return strings.ToLower(path), nil }

func (f *dbFile) lockOwner() (bool, error) { return true, nil }

func (f *dbFile) unlockOwner() {}

func links(os.FileInfo) uint64 { return 1 }

// openToWatch opens nothing: on Windows, an open file could not be removed.
func openToWatch(string) (*os.File, error) { return nil, nil }
