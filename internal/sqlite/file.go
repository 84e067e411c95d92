package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// dbFile is a database file that this process has open. It is one for all the
// [DB]s of the process on that file, and its descriptor is opened before and
// closed after every connection of SQLite: closing any descriptor of a file
// drops all POSIX locks that the process has on it, those of SQLite among them.
// Nothing else in this process may open the file and close it again.
//
// Its locks are on the file itself, whatever it is called; lock_ofd.go tells on
// which systems.
type dbFile struct {
	path string // absolute, without symbolic links: SQLite names the log after it
	file *os.File
	info os.FileInfo
	made bool // it was not there before

	users int        // guarded by openFiles
	owned bool       // guarded by openFiles
	extra []*os.File // guarded by openFiles
}

// openFiles are the database files that this process has open.
var openFiles struct {
	sync.Mutex
	all []*dbFile
}

// ErrOtherName means that the database file has several names, and that another
// one is, or may be, in use.
var ErrOtherName = errors.New("the file has another name too (a hard link, or a mount of the single file), under which it is or was in use; " +
	"SQLite names its log after the file, so two names damage it: use that name, or remove it (find DIR -samefile FILE shows it)")

// openFile opens the database file, and makes it when it is not there, because
// SQLite would make one that others may read. The file must be released.
//
// The error wraps [ErrOtherName], [ErrForeignLog] or [ErrDamagedLog] when to let SQLite open the
// file would damage it, and [ErrCompanion] when it would damage another database.
func openFile(ctx context.Context, path string) (*dbFile, error) {
	return openWith(ctx, path, func(f *dbFile) error {
		if links(f.info) > 1 && isEmpty(f.path+walSuffix) {
			return ErrOtherName
		}
		return checkLog(f.path, f.info.Size())
	})
}

// openAnyFile is openFile for a file whose log may not be its own.
func openAnyFile(ctx context.Context, path string) (*dbFile, error) {
	return openWith(ctx, path, func(*dbFile) error { return nil })
}

func openWith(ctx context.Context, path string, check func(*dbFile) error) (*dbFile, error) {
	if err := checkNoCompanion(path); err != nil {
		return nil, err
	}
	openFiles.Lock()
	defer openFiles.Unlock()
	if info, err := os.Stat(path); err == nil {
		if f := openFileLike(info); f != nil {
			return f.share(path)
		}
	}
	made := true
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		made = false
		// With O_CREATE for a symbolic link to nowhere.
		file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	}
	if err != nil {
		return nil, err
	}
	f := &dbFile{file: file, made: made, users: 1}
	if err := f.identify(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if other := openFileLike(f.info); other != nil {
		// It was given this name a moment ago. Closing it would drop the locks.
		other.extra = append(other.extra, file)
		return other.share(path)
	}
	if err := f.join(ctx, check); err != nil {
		return nil, errors.Join(err, f.close())
	}
	openFiles.all = append(openFiles.all, f)
	return f, nil
}

func openFileLike(info os.FileInfo) *dbFile {
	for _, f := range openFiles.all {
		if os.SameFile(f.info, info) {
			return f
		}
	}
	return nil
}

func (f *dbFile) identify(path string) (err error) {
	if f.path, err = realPath(path); err == nil {
		f.info, err = f.file.Stat()
	}
	return err
}

// realPath returns the absolute path of a file, without symbolic links.
func realPath(path string) (string, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// share gives the open file to one more user.
func (f *dbFile) share(path string) (*dbFile, error) {
	path, err := realPath(path)
	if err != nil {
		return nil, err
	}
	if path != f.path && !sameName(path, f.path) {
		return nil, ErrOtherName
	}
	f.users++
	return f, nil
}

// sameName tells whether two paths are of one name in one folder, which may be
// mounted in several places.
func sameName(a, b string) bool {
	keyA, errA := nameKey(a)
	keyB, errB := nameKey(b)
	return errA == nil && errB == nil && keyA == keyB
}

// join takes part in the use of the file, beside other processes. It refuses
// when one of them has the file under another name; the first process checks the
// log.
func (f *dbFile) join(ctx context.Context, check func(*dbFile) error) error {
	// One process at a time, so that of several which begin at once the first
	// looks at the log, and the others know that somebody has.
	if err := f.lockOpening(ctx); err != nil {
		return err
	}
	defer f.unlockOpening()
	alone, err := f.lockName()
	if err != nil || !alone {
		return err
	}
	return check(f)
}

const walSuffix, shmSuffix = "-wal", "-shm"

// isEmpty tells whether a file is not there, or has nothing in it.
func isEmpty(path string) bool {
	info, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
}

// release ends one use of the file.
func (f *dbFile) release() error {
	openFiles.Lock()
	defer openFiles.Unlock()
	if f.users--; f.users > 0 {
		return nil
	}
	for i, other := range openFiles.all {
		if other == f {
			openFiles.all = append(openFiles.all[:i], openFiles.all[i+1:]...)
			break
		}
	}
	return f.close()
}

// close closes the file, and removes it if it was made to no purpose.
func (f *dbFile) close() error {
	err := f.file.Close()
	for _, extra := range f.extra {
		err = errors.Join(err, extra.Close())
	}
	if info, statErr := os.Stat(f.path); f.made && statErr == nil && info.Size() == 0 && os.SameFile(info, f.info) {
		err = errors.Join(err, os.Remove(f.path))
	}
	return err
}

// ownership is what the one process has that may write contacts.
type ownership struct {
	db     *DB
	beside []*flock.Flock
}

// own takes the contacts for this process. The error wraps [ErrInUse] when
// another one has them.
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
	if err := o.lockBeside(); err != nil {
		db.file.unlockOwner()
		return nil, err
	}
	db.file.owned = true
	return o, nil
}

// lockBeside takes the locks that versions of callbook take which know of none
// on the file itself: a file beside the database, by whatever name they were
// given.
func (o *ownership) lockBeside() error {
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
			o.beside = append(o.beside, lock)
			continue
		}
		if err == nil {
			err = fmt.Errorf("database %s: %w", o.db.name, ErrInUse)
		} else {
			err = fmt.Errorf("lock database %s: %w", o.db.name, err)
		}
		return errors.Join(err, o.unlockBeside())
	}
	return nil
}

func (o *ownership) unlockBeside() (err error) {
	for _, lock := range o.beside {
		err = errors.Join(err, lock.Unlock())
	}
	return err
}

// Unlock gives the contacts free.
func (o *ownership) Unlock() error {
	openFiles.Lock()
	defer openFiles.Unlock()
	err := o.unlockBeside()
	o.db.file.unlockOwner()
	o.db.file.owned = false
	return err
}

// noRoom tells whether an error of the file system is that it is full.
func noRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// retry calls try every few milliseconds until it succeeds, fails, or a
// transaction's time is over.
func retry(ctx context.Context, try func() (done bool, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		if done, err := try(); done || err != nil {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for another process that opens the database: %w", context.Cause(ctx))
		}
	}
}
