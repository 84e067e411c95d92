//go:build !linux && !darwin && !freebsd

package backup

import "os"

func lockDir(string) (*os.File, error) { return nil, nil }

func freeBytes(string) (bytes int64, known bool, err error) { return 0, false, nil }
