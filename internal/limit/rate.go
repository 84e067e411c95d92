package limit

import (
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
)

// rateWindow is the time in which requests are counted together.
const rateWindow = time.Minute

// Rates counts the requests of accounts, in windows of a minute. An account's window
// begins with its first request after the last window has ended. Rates holds at most one
// window for each account, and forgets it within two minutes. It is safe for concurrent
// use.
type Rates struct {
	clock clock.Clock

	mu      sync.Mutex
	windows map[account.ID]rateCount
	swept   time.Time
}

// rateCount is the window of an account, and how many requests came in it.
type rateCount struct {
	began    time.Time
	requests int
}

// ended reports whether the window is over. It also is if the clock was set back.
func (c rateCount) ended(now time.Time) bool {
	return now.Before(c.began) || now.Sub(c.began) >= rateWindow
}

// NewRates returns Rates that go by this clock.
func NewRates(c clock.Clock) *Rates {
	return &Rates{clock: c, windows: make(map[account.ID]rateCount)}
}

// Rate is what an account has left of its requests.
type Rate struct {
	Remaining int           // requests in this window
	Reset     time.Time     // when the window ends
	Wait      time.Duration // until Reset
}

// Take counts a request of an account that may send limit requests a minute. Ok is false
// if the account has sent as many in its window already; then the request does not count.
func (r *Rates) Take(id account.ID, limit int) (left Rate, ok bool) {
	now := r.clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.windows[id]
	if w.ended(now) {
		r.sweep(now)
		w = rateCount{began: now}
	}
	if ok = w.requests < limit; ok {
		w.requests++
		r.windows[id] = w
	}
	reset := w.began.Add(rateWindow)
	return Rate{Remaining: max(0, limit-w.requests), Reset: reset, Wait: reset.Sub(now)}, ok
}

// sweep forgets windows that have ended, once in a window. The caller must hold mu.
func (r *Rates) sweep(now time.Time) {
	if since := now.Sub(r.swept); since >= 0 && since < rateWindow {
		return
	}
	r.swept = now
	for id, w := range r.windows {
		if w.ended(now) {
			delete(r.windows, id)
		}
	}
}
