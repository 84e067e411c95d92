// Package cores tells how many processors the process may use.
package cores

import "runtime"

var count = runtime.GOMAXPROCS(0)

// Count returns how many processors the process may use: those of the machine, or
// fewer where a container's limit or the variable GOMAXPROCS says so.
func Count() int { return count }
