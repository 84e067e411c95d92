//go:build linux

package pgtest

import (
	"strconv"
	"syscall"
	"testing"
)

// Freeze stops the processes behind all connections to a database, which then
// answer no more, and end not either, as when their machine is gone. Connections
// made later are well. They go on when the test ends.
func Freeze(t testing.TB, url string) {
	t.Helper()
	var frozen []int
	for _, pid := range Texts(t, url, `SELECT pid::text FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`) {
		p, err := strconv.Atoi(pid)
		if err != nil {
			t.Fatal(err)
		}
		frozen = append(frozen, p)
	}
	if len(frozen) == 0 {
		t.Fatal("there is no connection to freeze")
	}
	t.Cleanup(func() {
		if err := signalAll(syscall.SIGCONT, frozen); err != nil {
			t.Error(err)
		}
	})
	if err := signalAll(syscall.SIGSTOP, frozen); err != nil {
		t.Fatal(err)
	}
}
