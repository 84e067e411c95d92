//go:build linux || darwin

package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// The locks on the database file are of its open file description (fcntl(2),
// "open file description locks"): they end with the process, they are the
// inode's and so the same through symbolic links, hard links and bind mounts,
// and SQLite's own locks, which are the process's, neither drop nor meet them,
// since they lie on bytes that no file has. Flock(2) would not do: on macOS and
// over NFS it is a lock on all bytes, and would stop SQLite.
//
// macOS has the same calls since 10.15. Where the file system has no such
// locks, the file beside the database is all there is.
const locksFile = true

// The bytes of the locks.
const (
	lockBase    = 1 << 61
	openingByte = lockBase     // exclusive while a process opens the database
	ownerByte   = lockBase + 1 // exclusive by who owns the contacts
	// One of these is shared by every process that has the file open under the
	// same name: which one tells the name.
	firstName = lockBase + 1<<32
	nameCount = 1 << 48
)

// fcntl sets a lock, or asks who has one: fcntl's F_OFD_SETLK and
// F_OFD_GETLK, which package syscall does not name.
func (f *dbFile) fcntl(get bool, kind int16, start, length int64) (syscall.Flock_t, error) {
	command := 37
	switch {
	case runtime.GOOS == "darwin" && get:
		command = 92
	case runtime.GOOS == "darwin":
		command = 90
	case get:
		command = 36
	}
	lock := syscall.Flock_t{Type: kind, Whence: io.SeekStart, Start: start, Len: length}
	for {
		err := syscall.FcntlFlock(f.file.Fd(), command, &lock)
		if !errors.Is(err, syscall.EINTR) {
			return lock, err
		}
	}
}

// tryLock takes a lock; false means that another process has it.
func (f *dbFile) tryLock(kind int16, at int64) (bool, error) {
	_, err := f.fcntl(false, kind, at, 1)
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EACCES):
		return false, nil
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS):
		return true, nil // the file system or the kernel has none
	}
	return err == nil, err
}

// taken tells whether another process has a lock on one of the bytes.
func (f *dbFile) taken(start, length int64) bool {
	if length == 0 {
		return false // to fcntl, it would be all
	}
	lock, err := f.fcntl(true, syscall.F_WRLCK, start, length)
	return err == nil && lock.Type != syscall.F_UNLCK
}

func (f *dbFile) lockOpening(ctx context.Context) error {
	return retry(ctx, func() (bool, error) { return f.tryLock(syscall.F_WRLCK, openingByte) })
}

func (f *dbFile) unlockOpening() { f.fcntl(false, syscall.F_UNLCK, openingByte, 1) }

// lockName takes part in the use of the file under its name.
func (f *dbFile) lockName() (alone bool, err error) {
	key, err := nameKey(f.path)
	if err != nil {
		return false, err
	}
	if f.taken(firstName, key) || f.taken(firstName+key+1, nameCount-key-1) {
		return false, ErrOtherName
	}
	alone = !f.taken(firstName+key, 1)
	_, err = f.tryLock(syscall.F_RDLCK, firstName+key)
	return alone, err
}

// nameKey returns a number below nameCount for a name of a file: of the folder,
// by what it is, and the name in it.
func nameKey(path string) (int64, error) {
	dir, base := filepath.Split(path)
	info, err := os.Stat(dir)
	if err != nil {
		return 0, err
	}
	if runtime.GOOS == "darwin" {
		base = strings.ToLower(base) // most file systems there do not tell the cases apart
	}
	stat := info.Sys().(*syscall.Stat_t)
	h := fnv.New64a()
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(stat.Dev)))
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(stat.Ino)))
	io.WriteString(h, base)
	return int64(h.Sum64() % nameCount), nil
}

func (f *dbFile) lockOwner() (bool, error) { return f.tryLock(syscall.F_WRLCK, ownerByte) }

func (f *dbFile) unlockOwner() { f.fcntl(false, syscall.F_UNLCK, ownerByte, 1) }

// links returns how many names a file has.
func links(info os.FileInfo) uint64 { return uint64(info.Sys().(*syscall.Stat_t).Nlink) }

// openToWatch opens a file that another will remove one day.
func openToWatch(path string) (*os.File, error) { return os.Open(path) }
