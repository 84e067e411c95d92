// Package cores tells how many processors the process may use, and lets more
// goroutines run at once than that.
//
// Go runs at most GOMAXPROCS goroutines at a time, and by default that is the
// number of processors. While each of them computes for long, as exports do, a
// goroutine with a short request waits for up to 10 ms before it runs. With some
// places more than there are processors, one is free for it, and the operating
// system, which shares the processors more finely, lets the short request go
// first.
package cores

import (
	"os"
	"runtime"
)

// more is how many places [Oversubscribe] adds: as many as the exports that one
// account may have at once. On two processors, while 64 clients of one account
// exported without a pause, they took the p99 of another account's read of a contact
// from 39 ms to 22, and from 26 ms to 9 while nobody read the exports. One place more
// gained nothing, and under searches none does.
const more = 4

// count is read before Oversubscribe can change it.
var count = runtime.GOMAXPROCS(0)

// Count returns how many processors the process may use: those of the machine, or
// fewer where a container's limit or the variable GOMAXPROCS says so. What is
// bounded by the processors is bounded by this, and not by runtime.GOMAXPROCS.
func Count() int { return count }

// Oversubscribe lets some goroutines more than [Count] run at once. It does
// nothing where GOMAXPROCS is set, or where a container may use less than its
// machine has: there the operating system stops a process that runs on too many
// processors for the rest of a period, which is the longer wait.
func Oversubscribe() {
	if os.Getenv("GOMAXPROCS") == "" && count == runtime.NumCPU() {
		runtime.GOMAXPROCS(count + more)
	}
}
