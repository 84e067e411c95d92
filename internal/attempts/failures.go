// Package attempts bounds how often something may fail, by the network address that
// tries it.
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
	// maxWaiting is how many attempts of an address may wait for others of it,
	// as a multiple of how many may fail at once.
	maxWaiting = 16
)

// Failures is a rate limit on the failures of each address, a token bucket as the
// generic cell rate algorithm keeps one. What succeeds costs nothing. It is safe
// for concurrent use.
//
// An attempt takes its token before it begins and gets it back when it did not
// fail, so that attempts at the same time get no further than attempts one after
// the other. An attempt that only lacks a token because others hold theirs waits
// for how these end.
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
	// recovered is when all tokens are there again: each token that is missing
	// moves it on by one interval.
	recovered time.Time
	running   int           // attempts that hold a token
	waiting   int           // attempts that wait for one
	ended     chan struct{} // closed when a running attempt ends; nil while none waits
	at        int           // in the heap; -1 when it is not there any more
}

// missing is how long it takes until all tokens are back, those of running
// attempts included.
func (b *bucket) missing(now time.Time) time.Duration { return max(0, b.recovered.Sub(now)) }

// Attempt is one that has begun. Its owner must call End.
type Attempt struct {
	failures *Failures
	bucket   *bucket
	repeat   repeat
}

// Begin takes a token of the address for an attempt. It returns a TooMany fault
// when the address has failed too often, and the context's error when that ends
// while the attempt waits.
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

// wait lets others go on until an attempt of the bucket has ended.
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

// End ends the attempt. Unless it failed, its token is back.
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

// BeginGuess is Begin for an attempt with a secret. One that has failed from the
// same address a moment ago is no new guess: then it returns no attempt and no
// error, and the secret is as wrong as before. So a program that goes on with a
// key that was revoked does not lock its neighbours out.
func (f *Failures) BeginGuess(ctx context.Context, from netip.Addr, secret string) (*Attempt, error) {
	this := repeat{networkOf(from), sha256.Sum256([]byte(secret))}
	f.mu.Lock()
	again := f.known.has(this, f.clock.Now())
	f.mu.Unlock()
	if again {
		return nil, nil
	}
	a, err := f.Begin(ctx, from)
	if a != nil {
		a.repeat = this
	}
	return a, err
}

// bucket returns the bucket of a network. When there are too many, the one that
// is nearest to recovery is forgotten: that is a new one's state but for the
// failures that it has had least of, so an attacker who comes from many addresses
// resets none that has failed more often than these.
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

// networkOf is what counts as one address. Whoever has an IPv6 address has the 64
// bits of its network too.
func networkOf(addr netip.Addr) netip.Prefix {
	bits := 32
	if addr = addr.Unmap(); addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.WithZone("").Prefix(bits) // of no address it is the zero Prefix
	return prefix
}
