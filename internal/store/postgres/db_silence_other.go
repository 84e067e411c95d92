//go:build !linux

package postgres

import "syscall"

// limitSilence leaves a connection with the timeouts of the system.
func limitSilence(string, string, syscall.RawConn) error { return nil }
