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
)

// dbFile is a database file that this process has open. All [DB]s of the process
// on that file share it. Its descriptor is opened before every connection of SQLite
// and closed after all of them, because closing any descriptor of a file drops all
// POSIX locks of the process on it, including those of SQLite. Nothing else in this
// process may open and close the file.
//
// Its own locks are on the file and not on a name of it; see file_lock_ofd.go.
type dbFile struct {
	path    string // absolute, without symbolic links: SQLite derives the log's name from it
	file    *os.File
	info    os.FileInfo
	created bool // the file did not exist before

	users int        // guarded by openFiles
	owned bool       // guarded by openFiles
	extra []*os.File // further descriptors of the file; guarded by openFiles
}

// openFiles are the database files that this process has open.
var openFiles struct {
	sync.Mutex
	all []*dbFile
}

// ErrOtherName means that the database file has several names and may be in use
// under another one.
var ErrOtherName = errors.New("the file has another name too (a hard link, or a mount of the single file), under which it is or was in use; " +
	"SQLite names its log after the file, so two names damage it: use that name, or remove it (find DIR -samefile FILE shows it)")

// openFile opens the database file. It also creates the file, since SQLite would
// create one that other users can read. The caller must release it.
//
// The error wraps [ErrOtherName], [ErrForeignLog] or [ErrDamagedLog] if SQLite would
// damage the file by opening it, and [ErrCompanion] if SQLite would damage another
// database.
func openFile(ctx context.Context, path string) (*dbFile, error) {
	return openWith(ctx, path, func(f *dbFile) error {
		if links(f.info) > 1 && isEmpty(f.path+walSuffix) {
			return ErrOtherName
		}
		return checkLog(f.path, f.info.Size())
	})
}

// openAnyFile is openFile without the check of the log.
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
		if f := findOpen(info); f != nil {
			return f.addUser(path)
		}
	}
	created := true
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		created = false
		// O_CREATE is for a dangling symbolic link.
		file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	}
	if err != nil {
		return nil, err
	}
	f := &dbFile{file: file, created: created, users: 1}
	if err := f.identify(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if other := findOpen(f.info); other != nil {
		// The open file has just been renamed to path. Closing this second
		// descriptor would drop the locks.
		other.extra = append(other.extra, file)
		return other.addUser(path)
	}
	if err := f.join(ctx, check); err != nil {
		return nil, errors.Join(err, f.close())
	}
	openFiles.all = append(openFiles.all, f)
	return f, nil
}

func findOpen(info os.FileInfo) *dbFile {
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

// addUser counts one more user of the open file, who opens it by this path.
func (f *dbFile) addUser(path string) (*dbFile, error) {
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

// sameName reports whether two paths lead to the same name in the same folder. They
// may differ because the folder is mounted in several places.
func sameName(a, b string) bool {
	keyA, errA := nameKey(a)
	keyB, errB := nameKey(b)
	return errA == nil && errB == nil && keyA == keyB
}

// join registers this process among those that have the file open. The error wraps
// [ErrOtherName] if one of them uses another name. The first process runs check.
func (f *dbFile) join(ctx context.Context, check func(*dbFile) error) error {
	// Processes that open the file concurrently take turns, so that exactly one
	// of them runs check, before the others go on.
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

// isEmpty reports whether a file does not exist or is empty.
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

// close closes the file. It removes a file that was created here and is still empty.
func (f *dbFile) close() error {
	err := f.file.Close()
	for _, extra := range f.extra {
		err = errors.Join(err, extra.Close())
	}
	if info, statErr := os.Stat(f.path); f.created && statErr == nil && info.Size() == 0 && os.SameFile(info, f.info) {
		err = errors.Join(err, os.Remove(f.path))
	}
	return err
}

// noRoom reports whether an error means that the disk or the quota is full.
func noRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// retry calls try every few milliseconds until it is done, fails, or busyTimeout has
// passed.
func retry(ctx context.Context, try func() (done bool, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		if done, err := try(); done || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for another process that opens the database: %w", context.Cause(ctx))
		}
	}
}
