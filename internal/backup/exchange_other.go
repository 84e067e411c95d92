//go:build !linux

package backup

import "errors"

func exchangeNames(string, string) error { return errors.ErrUnsupported }
