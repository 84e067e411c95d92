//go:build linux || darwin || freebsd

package backup

import (
	"errors"
	"os"
	"syscall"
)

// lockDir takes the lock of a folder, which ends with its holder. Some network
// file systems have no locks of folders; then it is nil.
func lockDir(dir string) (*os.File, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return d, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(ErrBusy, d.Close())
	}
	return nil, d.Close()
}

// freeBytes returns how many bytes a folder has room for.
func freeBytes(dir string) (bytes int64, known bool, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false, err
	}
	return int64(s.Bavail) * int64(s.Bsize), true, nil
}
