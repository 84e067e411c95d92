//go:build !linux

package postgres

import "syscall"

// limitSilence leaves a connection to the system's own limits.
func limitSilence(string, string, syscall.RawConn) error { return nil }
