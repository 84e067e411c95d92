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

// locksFile says that the locks are on the database file itself. They are open file
// description locks (fcntl(2)), which end with the process. They belong to the inode,
// so symbolic links, hard links and bind mounts lead to the same lock. They do not
// conflict with SQLite's own locks, since they lie on bytes beyond the end of any
// file, and closing a descriptor of SQLite does not drop them. Flock(2) would not
// work: on macOS and over NFS it locks all bytes and would block SQLite.
//
// macOS has these calls since 10.15. On a file system without such locks, only the
// lock file beside the database protects it.
const locksFile = true

// The bytes of the locks.
const (
	lockBase    = 1 << 61
	openingByte = lockBase     // exclusive while a process opens the database
	ownerByte   = lockBase + 1 // exclusive by the process that owns the contacts
	// Of the nameCount bytes from here on, one stands for each name of the file.
	// Every process that has the file open holds a shared lock on its name's byte.
	firstName = lockBase + 1<<32
	nameCount = 1 << 48
)

// fcntl sets a lock, or gets one that conflicts: fcntl's F_OFD_SETLK and F_OFD_GETLK,
// which package syscall does not define.
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

// tryLock takes a lock on a byte. False means that another process holds it.
func (f *dbFile) tryLock(kind int16, offset int64) (bool, error) {
	_, err := f.fcntl(false, kind, offset, 1)
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EACCES):
		return false, nil
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS):
		return true, nil // the file system or the kernel has no such locks
	}
	return err == nil, err
}

// lockedByOther reports whether another process has a lock on one of the bytes.
func (f *dbFile) lockedByOther(start, length int64) bool {
	if length == 0 {
		return false // to fcntl, 0 means all bytes
	}
	lock, err := f.fcntl(true, syscall.F_WRLCK, start, length)
	return err == nil && lock.Type != syscall.F_UNLCK
}

func (f *dbFile) lockOpening(ctx context.Context) error {
	return retry(ctx, func() (bool, error) { return f.tryLock(syscall.F_WRLCK, openingByte) })
}

func (f *dbFile) unlockOpening() { f.fcntl(false, syscall.F_UNLCK, openingByte, 1) }

// lockName takes the shared lock of the file's name. Alone reports whether no other
// process has the file open. If one has it open under another name, the error is
// [ErrOtherName].
func (f *dbFile) lockName() (alone bool, err error) {
	key, err := nameKey(f.path)
	if err != nil {
		return false, err
	}
	if f.lockedByOther(firstName, key) || f.lockedByOther(firstName+key+1, nameCount-key-1) {
		return false, ErrOtherName
	}
	alone = !f.lockedByOther(firstName+key, 1)
	_, err = f.tryLock(syscall.F_RDLCK, firstName+key)
	return alone, err
}

// nameKey hashes a name of a file to a number below nameCount. It identifies the
// folder by its device and inode, and not by its path.
func nameKey(path string) (int64, error) {
	dir, base := filepath.Split(path)
	info, err := os.Stat(dir)
	if err != nil {
		return 0, err
	}
	if runtime.GOOS == "darwin" {
		base = strings.ToLower(base) // most file systems of macOS ignore case
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

// openToWatch opens a file so that other processes can remove it.
func openToWatch(path string) (*os.File, error) { return os.Open(path) }
