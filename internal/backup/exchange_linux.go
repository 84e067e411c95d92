package backup

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchangeNames swaps the names of two files atomically. The error is
// [errors.ErrUnsupported] if the file system cannot do that.
func exchangeNames(a, b string) error {
	err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return errors.ErrUnsupported
	}
	return err
}
