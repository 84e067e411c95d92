// Package cores counts the processors that the process may use, and lets more
// goroutines than that run at once.
//
// Go runs at most GOMAXPROCS goroutines at a time, by default one for each
// processor. While all of these compute for long, as exports do, a goroutine with
// a short request waits for up to 10 ms before it is scheduled. With a larger
// GOMAXPROCS it gets a thread at once, and the operating system, whose time slices
// are shorter, lets the short request run first.
package cores

import (
	"os"
	"runtime"
)

// extra is how much [Oversubscribe] adds to GOMAXPROCS: as many as the concurrent
// exports that one account may have. On two processors, while 64 clients of one
// account exported without a pause, this reduced the p99 of another account's read
// of a contact from 39 ms to 22 ms, and from 26 ms to 9 ms while nobody read the
// exports. A larger value gained nothing, and none helps against searches.
const extra = 4

// count is read before Oversubscribe can change GOMAXPROCS.
var count = runtime.GOMAXPROCS(0)

// Count returns how many processors the process may use: those of the machine, or
// fewer if a container's limit or the variable GOMAXPROCS says so. Limits that
// follow the number of processors must use Count and not runtime.GOMAXPROCS.
func Count() int { return count }

// Oversubscribe lets some more goroutines than [Count] run at once. It does
// nothing if GOMAXPROCS is set or a container's CPU quota is below the machine's
// processors. With a quota, a process that runs on too many processors is
// throttled for the rest of the period, which is worse.
func Oversubscribe() {
	if os.Getenv("GOMAXPROCS") == "" && count == runtime.NumCPU() {
		runtime.GOMAXPROCS(count + extra)
	}
}
