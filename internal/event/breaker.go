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

// breaker is what is known of a receiver. While it does not answer, it is sent one event
// now and then, whatever waits for it.
type breaker struct {
	running bool          // a lane sends to it
	failed  int           // tries since the last one that succeeded
	pause   time.Duration // before the next one
	until   time.Time     // when that is
	used    time.Time     // when a lane last ended
}

const (
	// manyFailures are so many that it is the receiver's fault and not the event's.
	manyFailures = 8
	// The pause of a receiver that does not answer: it doubles from the first to the
	// longest.
	firstPause   = 5 * time.Second
	longestPause = 10 * time.Minute
	// forgetAfter is when nothing is known any more of a receiver that nothing is sent to.
	forgetAfter = 2 * longestPause
)

// down tells whether the receiver does not answer.
func (b *breaker) down() bool { return b.failed >= manyFailures }

// note counts a try.
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

// poll starts a lane for each receiver that has something due and is not paused.
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

// deliver sends what is due to a receiver, and then notes how the receiver is.
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
