package attempts

import (
	"container/heap"
	"crypto/sha256"
	"net/netip"
	"time"
)

// byRecovery is a heap of buckets, the one nearest to recovery first.
type byRecovery []*bucket

var _ heap.Interface = (*byRecovery)(nil)

// Len implements [sort.Interface].
func (h byRecovery) Len() int { return len(h) }

// Less implements [sort.Interface].
func (h byRecovery) Less(i, j int) bool { return h[i].recovered.Before(h[j].recovered) }

// Swap implements [sort.Interface].
func (h byRecovery) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push implements [heap.Interface].
func (h *byRecovery) Push(x any) {
	b := x.(*bucket)
	b.at = len(*h)
	*h = append(*h, b)
}

// Pop implements [heap.Interface].
func (h *byRecovery) Pop() any {
	last := len(*h) - 1
	b := (*h)[last]
	b.at = -1
	(*h)[last] = nil
	*h = (*h)[:last]
	return b
}

// fix moves a bucket to its place, unless it was forgotten.
func (h *byRecovery) fix(b *bucket) {
	if b.at >= 0 {
		heap.Fix(h, b.at)
	}
}

const (
	// maxRepeats bounds the memory for failed guesses, at some 200 bytes each.
	maxRepeats = 10_000
	// repeatFor is how long a guess that has failed is known as wrong.
	repeatFor = 10 * time.Second
)

// repeat is a guess: where it came from and the hash of what was tried. The zero
// repeat is none.
type repeat struct {
	from   netip.Prefix
	secret [sha256.Size]byte
}

// repeats are the guesses that failed last.
type repeats struct {
	until map[repeat]time.Time
	queue []repeat // a ring, the oldest at next
	next  int
}

func (r *repeats) has(g repeat, now time.Time) bool {
	until, ok := r.until[g]
	// A clock that was set back must not make it last.
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
