package event

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"callbook/internal/account"
	"callbook/internal/limit"
	"callbook/internal/work"
)

// breaker tells how well a receiver answers. While the receiver is down, it gets one
// event now and then, however many wait.
type breaker struct {
	running bool          // a lane sends to it
	missed  bool          // a poll has found due events in the meantime
	since   time.Time     // when that lane started
	leave   *atomic.Bool  // tells that lane to end, so that another receiver has its turn
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
	var after []Receiver
	for id, held := range d.accounts {
		after = append(after, Receiver{Account: id, Origin: held.after})
	}
	d.mu.Unlock()
	if len(after) == 0 {
		return nil
	}
	most := max(leastReceivers, maxReceivers/len(after))
	waiting, err := d.store.Receivers(ctx, after, most)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	due := d.due(waiting, most, now)
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
	slices.SortStableFunc(due, func(a, b DueReceiver) int { return cmp.Compare(running[a.Account], running[b.Account]) })
	room := d.leaving()
	for _, r := range due {
		b := d.receivers[r.Receiver]
		if b == nil {
			b = &breaker{}
		}
		b.missed = b.running
		paused := b.down() && now.Before(b.until) && r.First != Asked
		if b.running || paused || running[r.Account] == accountLanes {
			continue
		}
		if all == maxLanes {
			if room > 0 || d.makeRoom(running, r.Account) {
				room = max(0, room-1)
				running[r.Account]++
			}
			continue
		}
		b.running, b.since, b.leave = true, now, new(atomic.Bool)
		d.receivers[r.Receiver] = b
		running[r.Account]++
		all++
		h := d.hosts[r.Origin]
		if h == nil {
			h = &host{places: limit.New(perHost, limit.Options{Spare: true})}
			d.hosts[r.Origin] = h
		}
		h.lanes++
		known := *b // before the next poll changes it
		d.working.Go(func() { d.deliver(ctx, r.Receiver, known, h) })
	}
	return nil
}

// due returns the receivers that have due events, and sets where the next poll goes on.
// Most is how many receivers of an account the poll has read at most. The caller holds
// mu.
func (d *Deliverer) due(waiting []DueReceiver, most int, now time.Time) (due []DueReceiver) {
	read, last := make(map[account.ID]int), make(map[account.ID]string)
	for _, r := range waiting {
		read[r.Account]++
		last[r.Account] = max(last[r.Account], r.Origin)
		if held := d.accounts[r.Account]; held != nil && r.First <= DueAt(now) {
			held.used = now
			due = append(due, r)
		}
	}
	for id, held := range d.accounts {
		held.after = ""
		if read[id] == most {
			held.after = last[id]
		}
	}
	return due
}

// leaving returns how many lanes are about to end because makeRoom has told them to. The
// caller holds mu.
func (d *Deliverer) leaving() (n int) {
	for _, b := range d.receivers {
		if b.running && b.leave.Load() {
			n++
		}
	}
	return n
}

// makeRoom tells a lane to end when all lanes are taken and an account wants one: the
// oldest lane of the account that has the most. It reports false if no account has more
// lanes than would be left to it. An account without a lane takes any other's. The caller
// holds mu; running is how many lanes each account has.
func (d *Deliverer) makeRoom(running map[account.ID]int, wants account.ID) bool {
	var from account.ID
	var oldest *breaker
	for r, b := range d.receivers {
		if !b.running || b.leave.Load() {
			continue
		}
		if n := cmp.Compare(running[r.Account], running[from]); oldest == nil || n > 0 || n == 0 && b.since.Before(oldest.since) {
			from, oldest = r.Account, b
		}
	}
	if oldest == nil || running[from] <= running[wants]+1 && running[wants] > 0 || from == wants {
		return false
	}
	oldest.leave.Store(true)
	running[from]--
	return true
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
	if d.receivers[r].missed {
		d.lookAgain()
	}
	if l.failed == 0 {
		delete(d.receivers, r)
		return
	}
	l.running, l.missed, l.used = false, false, d.opts.Clock.Now()
	d.receivers[r] = &l.breaker
}
