//go:build linux || darwin || freebsd

package backup

import (
	"errors"
	"os"
	"syscall"
)

// lockDir locks a folder until the file is closed or the process ends. It returns
// nil on network file systems that cannot lock folders.
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

// freeBytes returns how many bytes are free on the disk of a folder.
func freeBytes(dir string) (bytes int64, known bool, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false, err
	}
	return int64(s.Bavail) * int64(s.Bsize), true, nil
}
