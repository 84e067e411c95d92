// Package attempts is a rate limit on failed attempts, by network address.
package attempts

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"callbook/internal/clock"
	"callbook/internal/fault"
)

const (
	// maxAddresses bounds the memory for addresses, at some 200 bytes each.
	maxAddresses = 10_000
	// maxWaiting bounds the waiting attempts of an address, as a multiple of the
	// burst.
	maxWaiting = 16
)

// Failures is a rate limit on the failures of each address: a token bucket,
// implemented with the generic cell rate algorithm. Success costs nothing. It is
// safe for concurrent use.
//
// An attempt takes a token before it begins and returns it if it did not fail.
// Concurrent attempts can therefore not fail more often than sequential ones. If
// running attempts hold the last tokens, further attempts wait for their outcome.
type Failures struct {
	burst int
	every time.Duration
	clock clock.Clock
	err   *fault.Error

	mu      sync.Mutex
	buckets map[netip.Prefix]*bucket
	order   byRecovery
	known   repeats
}

// New returns a limit of burst failures at once, and then one more in each of
// these intervals. Detail is what a caller reads that is refused, with a TooMany
// fault.
func New(burst int, every time.Duration, c clock.Clock, detail string) *Failures {
	return &Failures{
		burst:   burst,
		every:   every,
		clock:   c,
		err:     &fault.Error{Kind: fault.TooMany, Detail: detail, RetryAfter: every},
		buckets: make(map[netip.Prefix]*bucket),
	}
}

// bucket is the state of one address.
type bucket struct {
	of netip.Prefix
	// recovered is when the bucket is full again: each missing token moves it on
	// by one interval.
	recovered time.Time
	running   int           // attempts that hold a token
	waiting   int           // attempts that wait for one
	ended     chan struct{} // closed when a running attempt ends; nil while none waits
	index     int           // in the heap; -1 after eviction
}

// missing returns how long it takes until the bucket is full, with the tokens of
// running attempts counted as missing.
func (b *bucket) missing(now time.Time) time.Duration { return max(0, b.recovered.Sub(now)) }

// Attempt is an attempt that has begun. Its owner must call End.
type Attempt struct {
	failures *Failures
	bucket   *bucket
	repeat   repeat
}

// Begin takes a token of the address for an attempt. It returns a TooMany fault
// when the address has failed too often, and the cause of ctx when ctx ends while
// the attempt waits.
func (f *Failures) Begin(ctx context.Context, from netip.Addr) (*Attempt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	network := networkOf(from)
	for {
		now := f.clock.Now()
		b := f.bucket(network, now)
		missing, most := b.missing(now)+f.every, time.Duration(f.burst)*f.every
		if missing <= most {
			if b.recovered.Before(now) {
				b.recovered = now
			}
			b.recovered = b.recovered.Add(f.every)
			b.running++
			f.order.fix(b)
			return &Attempt{failures: f, bucket: b}, nil
		}
		if missing-time.Duration(b.running)*f.every > most || b.waiting >= maxWaiting*f.burst {
			return nil, f.err
		}
		if err := f.wait(ctx, b); err != nil {
			return nil, err
		}
	}
}

// wait unlocks f.mu until an attempt of the bucket has ended.
func (f *Failures) wait(ctx context.Context, b *bucket) error {
	if b.ended == nil {
		b.ended = make(chan struct{})
	}
	ended := b.ended
	b.waiting++
	f.mu.Unlock()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	f.mu.Lock()
	b.waiting--
	return err
}

// End ends the attempt. It returns the token unless the attempt failed.
func (a *Attempt) End(failed bool) {
	f, b := a.failures, a.bucket
	f.mu.Lock()
	defer f.mu.Unlock()
	b.running--
	if failed {
		f.known.add(a.repeat, f.clock.Now())
	} else {
		b.recovered = b.recovered.Add(-f.every)
		f.order.fix(b)
	}
	if b.ended != nil {
		close(b.ended)
		b.ended = nil
	}
}

// BeginGuess is Begin for an attempt with a secret. If the same secret has just
// failed from the same address, it returns neither an attempt nor an error: the
// secret is known to be wrong, and repeating it is no new guess. A program that
// keeps sending a revoked key thus does not lock out others at its address.
func (f *Failures) BeginGuess(ctx context.Context, from netip.Addr, secret string) (*Attempt, error) {
	guess := repeat{networkOf(from), sha256.Sum256([]byte(secret))}
	f.mu.Lock()
	known := f.known.has(guess, f.clock.Now())
	f.mu.Unlock()
	if known {
		return nil, nil
	}
	a, err := f.Begin(ctx, from)
	if a != nil {
		a.repeat = guess
	}
	return a, err
}

// bucket returns the bucket of a network. When there are too many buckets, it
// evicts the one that is full soonest, which has the fewest failures to forget.
// An attacker with many addresses can therefore not evict the bucket of an address
// that has failed more often than each of them.
func (f *Failures) bucket(network netip.Prefix, now time.Time) *bucket {
	if b := f.buckets[network]; b != nil {
		return b
	}
	if len(f.buckets) >= maxAddresses {
		first := heap.Pop(&f.order).(*bucket)
		delete(f.buckets, first.of)
	}
	b := &bucket{of: network, recovered: now}
	f.buckets[network] = b
	heap.Push(&f.order, b)
	return b
}

// networkOf returns what counts as one address: an IPv4 address or the /64 network
// of an IPv6 address, since a client usually controls all of that.
func networkOf(addr netip.Addr) netip.Prefix {
	bits := 32
	if addr = addr.Unmap(); addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.WithZone("").Prefix(bits) // the zero Prefix if there is no address
	return prefix
}
