package backup

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchangeNames lets two files change their names, in one step. The error is
// [errors.ErrUnsupported] where the file system cannot.
func exchangeNames(a, b string) error {
	err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return errors.ErrUnsupported
	}
	return err
}
