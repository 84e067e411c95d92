// Package clocktest has clocks for tests.
package clocktest

import (
	"sync"
	"time"

	"callbook/internal/clock"
)

var (
	_ clock.Clock = (*Clock)(nil)
	_ clock.Clock = Func(nil)
)

// Clock is a clock that a test sets. It stands still, and ticks as it is set
// forward.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	tickers []*ticker
}

type ticker struct {
	every time.Duration
	next  time.Time
	c     chan time.Time
}

// New returns a clock that shows now.
func New(now time.Time) *Clock { return &Clock{now: now} }

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Tick implements [clock.Clock]. However far the clock is set at once, a channel
// gets one tick.
func (c *Clock) Tick(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &ticker{d, c.now.Add(d), make(chan time.Time, 1)}
	c.tickers = append(c.tickers, t)
	return t.c
}

// Set sets the clock.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(now)
}

// Add sets the clock forward, or back.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(c.now.Add(d))
}

func (c *Clock) set(now time.Time) {
	c.now = now
	for _, t := range c.tickers {
		if now.Before(t.next) {
			continue
		}
		t.next = now.Add(t.every)
		select {
		case t.c <- now:
		default: // the receiver has not taken the last one
		}
	}
}

// Func is a clock that shows what a function returns. It ticks as the machine's
// clock does.
type Func func() time.Time

// Now implements [clock.Clock].
func (f Func) Now() time.Time { return f() }

// Tick implements [clock.Clock].
func (Func) Tick(d time.Duration) <-chan time.Time { return time.Tick(d) }
