package clock

import "time"

// Fast is a clock that begins with another one and then runs faster.
type Fast struct {
	of           Clock
	begun, shown time.Time // the time by of, and the time by this clock at that moment
	speed        int
}

// NewFast returns a clock that runs speed times as fast as c, from what c shows now on,
// or from a later time: one that an earlier Fast had reached. Speed must be 1 or more.
func NewFast(c Clock, from time.Time, speed int) *Fast {
	f := &Fast{of: c, begun: c.Now(), speed: speed}
	f.shown = f.begun
	if from.After(f.shown) {
		f.shown = from
	}
	return f
}

// Now implements [Clock].
func (f *Fast) Now() time.Time {
	return f.shown.Add(time.Duration(f.speed) * f.of.Now().Sub(f.begun))
}

// Tick implements [Clock]. It measures d by this clock.
func (f *Fast) Tick(d time.Duration) <-chan time.Time {
	return f.of.Tick(max(1, d/time.Duration(f.speed)))
}
