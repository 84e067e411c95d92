package attempts

import (
	"container/heap"
	"crypto/sha256"
	"net/netip"
	"time"
)

// byRecovery is a heap of buckets. The first one is full soonest.
type byRecovery []*bucket

var _ heap.Interface = (*byRecovery)(nil)

// Len implements [sort.Interface].
func (h byRecovery) Len() int { return len(h) }

// Less implements [sort.Interface].
func (h byRecovery) Less(i, j int) bool { return h[i].recovered.Before(h[j].recovered) }

// Swap implements [sort.Interface].
func (h byRecovery) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements [heap.Interface].
func (h *byRecovery) Push(x any) {
	b := x.(*bucket)
	b.index = len(*h)
	*h = append(*h, b)
}

// Pop implements [heap.Interface].
func (h *byRecovery) Pop() any {
	last := len(*h) - 1
	b := (*h)[last]
	b.index = -1
	(*h)[last] = nil
	*h = (*h)[:last]
	return b
}

// fix restores the heap's order after a change of b, unless b was evicted.
func (h *byRecovery) fix(b *bucket) {
	if b.index >= 0 {
		heap.Fix(h, b.index)
	}
}

const (
	// maxRepeats bounds the memory for failed guesses, at some 200 bytes each.
	maxRepeats = 10_000
	// repeatFor is how long a failed guess is remembered.
	repeatFor = 10 * time.Second
)

// repeat identifies a guess: its network and the hash of the secret. The zero
// repeat means none.
type repeat struct {
	from   netip.Prefix
	secret [sha256.Size]byte
}

// repeats remembers the guesses that failed last.
type repeats struct {
	until map[repeat]time.Time
	queue []repeat // a ring buffer
	next  int      // index of the oldest
}

func (r *repeats) has(g repeat, now time.Time) bool {
	until, ok := r.until[g]
	// If the clock was set back, the entry must not live longer.
	return ok && now.Before(until) && until.Sub(now) <= repeatFor
}

func (r *repeats) add(g repeat, now time.Time) {
	if g == (repeat{}) {
		return
	}
	if r.until == nil {
		r.until = make(map[repeat]time.Time)
	}
	if _, there := r.until[g]; !there {
		if len(r.queue) < maxRepeats {
			r.queue = append(r.queue, g)
		} else {
			delete(r.until, r.queue[r.next])
			r.queue[r.next] = g
			r.next = (r.next + 1) % maxRepeats
		}
	}
	r.until[g] = now.Add(repeatFor)
}
