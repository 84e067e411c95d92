package clock

import "time"

// Fast is a clock that begins with another one and then runs faster.
type Fast struct {
	of    Clock
	start time.Time
	speed int
}

// NewFast returns a clock that shows what c shows now, and runs speed times as fast
// from then on. Speed must be 1 or more.
func NewFast(c Clock, speed int) *Fast { return &Fast{of: c, start: c.Now(), speed: speed} }

// Now implements [Clock].
func (f *Fast) Now() time.Time {
	return f.start.Add(time.Duration(f.speed) * f.of.Now().Sub(f.start))
}

// Tick implements [Clock]: d is a time of this clock.
func (f *Fast) Tick(d time.Duration) <-chan time.Time {
	return f.of.Tick(max(1, d/time.Duration(f.speed)))
}
