//go:build !linux && !darwin

package sqlite

import (
	"context"
	"os"
	"strings"

	"github.com/gofrs/flock"
)

// Here there are no locks on the database file itself beside SQLite's. The lock
// is a file beside the database, by its name without symbolic links; what a
// second name (a hard link) does is not noticed.
const locksFile = false

func (f *dbFile) lockOpening(context.Context) error { return nil }

func (f *dbFile) unlockOpening() {}

// lockName tells whether no server has the file.
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

// openToWatch opens nothing: on Windows, what is open cannot be removed.
func openToWatch(string) (*os.File, error) { return nil, nil }
