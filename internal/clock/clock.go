// Package clock tells the time to everything that stores dates, compares them, or works
// at intervals. A server has a single [Clock], so that a test can set it.
//
// Deadlines of connections, measured durations, and the pauses before retries use the
// clock of the machine.
package clock

import "time"

// Clock tells the time. It is safe for concurrent use.
type Clock interface {
	// Now returns the current time.
	Now() time.Time
	// Tick returns a channel on which the clock sends the time every d. It drops
	// ticks for a slow receiver, as [time.Tick] does.
	Tick(d time.Duration) <-chan time.Time
}

// System is the clock of the machine.
var System Clock = system{}

type system struct{}

func (system) Now() time.Time                        { return time.Now() }
func (system) Tick(d time.Duration) <-chan time.Time { return time.Tick(d) }
