package event

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"callbook/internal/account"
	"callbook/internal/limit"
	"callbook/internal/work"
)

// breaker tells how well a receiver answers. While the receiver is down, it gets one
// event now and then, however many wait.
type breaker struct {
	running bool          // a lane sends to it
	failed  int           // failed tries since the last delivery
	pause   time.Duration // the last pause of a receiver that is down
	until   time.Time     // the end of that pause
	used    time.Time     // when a lane last ended
}

const (
	// manyFailures is how many tries in a row must fail until the receiver counts as
	// down. One event that it refuses may be the event's fault.
	manyFailures = 8
	// The pause of a receiver that is down doubles from the first to the longest.
	firstPause   = 5 * time.Second
	longestPause = 10 * time.Minute
	// forgetAfter is how long a breaker is kept after its last lane ended.
	forgetAfter = 2 * longestPause
)

// down reports whether the receiver does not answer.
func (b *breaker) down() bool { return b.failed >= manyFailures }

// note counts a try, and sets the next pause if the receiver is down.
func (b *breaker) note(delivered bool, now time.Time) {
	if delivered {
		b.failed, b.pause = 0, 0
		return
	}
	if b.failed++; b.down() && !now.Before(b.until) {
		b.pause = min(max(firstPause, 2*b.pause), longestPause)
		b.until = now.Add(b.pause)
	}
}

// poll starts a lane for each receiver that has due events, unless it is paused or there
// are too many lanes.
func (d *Deliverer) poll(ctx context.Context, now time.Time) error {
	d.mu.Lock()
	accounts := slices.Collect(maps.Keys(d.accounts))
	d.mu.Unlock()
	if len(accounts) == 0 {
		return nil
	}
	due, err := d.store.Receivers(ctx, accounts, now, maxReceivers)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	running := make(map[account.ID]int)
	all := 0
	for r, b := range d.receivers {
		switch {
		case b.running:
			running[r.Account]++
			all++
		case now.Sub(b.used) > forgetAfter:
			delete(d.receivers, r)
		}
	}
	for _, r := range due {
		d.accounts[r.Account] = now
		b := d.receivers[r.Receiver]
		if b == nil {
			b = &breaker{}
		}
		paused := b.down() && now.Before(b.until) && r.First != Asked
		if b.running || paused || all == maxLanes || running[r.Account] == accountLanes {
			continue
		}
		b.running = true
		d.receivers[r.Receiver] = b
		running[r.Account]++
		all++
		h := d.hosts[r.Origin]
		if h == nil {
			h = &host{places: limit.New(perHost, limit.Options{Spare: true})}
			d.hosts[r.Origin] = h
		}
		h.lanes++
		d.working.Go(func() { d.deliver(ctx, r.Receiver, *b, h) })
	}
	return nil
}

// deliver runs a lane for a receiver, and then stores its breaker.
func (d *Deliverer) deliver(ctx context.Context, r Receiver, b breaker, h *host) {
	l := &lane{
		d: d, to: r, breaker: b, host: h, trial: b.down(), window: firstWindow,
		chains: make(map[target]*chain), known: make(map[int64]bool), results: make(chan result),
	}
	err := l.run(ctx)
	switch {
	case errors.Is(err, work.ErrLost):
		d.drop(r.Account)
	case err != nil && ctx.Err() == nil:
		d.opts.Log.Error("callbacks could not be sent; it will be tried again", "error", err)
		l.failed, l.until = max(l.failed, manyFailures), d.opts.Clock.Now().Add(firstPause)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if h.lanes--; h.lanes == 0 {
		delete(d.hosts, r.Origin)
	}
	if l.failed == 0 {
		delete(d.receivers, r)
		return
	}
	l.running, l.used = false, d.opts.Clock.Now()
	d.receivers[r] = &l.breaker
}
