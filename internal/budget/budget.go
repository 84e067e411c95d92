// Package budget bounds the memory that requests make the server hold: their
// bodies, what is decoded from them, and their answers until the client has
// taken them.
//
// A [Budget] has two pools, both shared fairly by account: bytes, and places
// for requests in flight. Each request has a [Share] of them, which travels in
// its context and is given back when the request ends, however it ends. A
// request of ordinary size takes a place and no bytes, so it costs two short
// critical sections and no more.
package budget

import (
	"context"
	"sync/atomic"
	"time"

	"callbook/internal/fault"
	"callbook/internal/limit"
)

const (
	// Free is how many bytes a request may use without taking any of the pool.
	// Its place stands for them.
	Free = 16 << 10
	// step is what bytes are taken in multiples of, so that a buffer that grows
	// does not ask for every item.
	step = 64 << 10
	// maxWaiting is how many requests of one account may wait for bytes.
	maxWaiting = 128
)

// Waits are how long a request waits for bytes before it is refused.
type Waits struct {
	First time.Duration // for its first bytes
	// All is for all the bytes of a bulk request at once. It holds none meanwhile,
	// so many may queue.
	All time.Duration
	// More is for more bytes while it holds some: several that grow could
	// otherwise deadlock.
	More time.Duration
}

// DefaultWaits are those of a new [Budget].
var DefaultWaits = Waits{First: 10 * time.Second, All: 30 * time.Second, More: 5 * time.Second}

// The faults of a request that does not get what it needs. The first two are
// the account's own doing; the others are told when the server is full.
var (
	ErrShare = &fault.Error{
		Kind:       fault.TooMany,
		Detail:     "Your account's share of the server's memory is in use: read the answers that are waiting, finish the bodies that were begun, or send less at once",
		RetryAfter: 2 * time.Second,
	}
	ErrPlaces = &fault.Error{
		Kind:       fault.TooMany,
		Detail:     "Your account has too many requests in flight",
		RetryAfter: time.Second,
	}
	ErrFull = &fault.Error{
		Kind:       fault.Unavailable,
		Detail:     "The server's memory for requests is in use",
		RetryAfter: 2 * time.Second,
	}
	ErrCrowded = &fault.Error{
		Kind:       fault.Unavailable,
		Detail:     "Too many requests are in flight",
		RetryAfter: time.Second,
	}
)

// Budget is what all requests of a server share. It is safe for concurrent use.
type Budget struct {
	memory *limit.Pool // bytes
	places *limit.Pool // requests
	waits  Waits
	hurry  atomic.Bool
}

// New returns a Budget of this many bytes and requests in flight. One account
// alone gets half of each.
func New(memory, requests int64) *Budget {
	return &Budget{
		memory: limit.New(memory, limit.Options{Spare: true, MaxWaiting: maxWaiting, Busy: ErrShare}),
		places: limit.New(requests, limit.Options{Spare: true}),
		waits:  DefaultWaits,
	}
}

// SetWaits is called before the first request.
func (b *Budget) SetWaits(w Waits) { b.waits = w }

// Scarce tells whether less than a quarter of the memory is free, or [Budget.Hurry]
// was called. Then clients that are slow to take their answers are given less
// time.
func (b *Budget) Scarce() bool {
	return b.hurry.Load() || b.memory.Free() < b.memory.Capacity()/4
}

// Hurry makes memory scarce from now on, for a server that is stopping.
func (b *Budget) Hurry() { b.hurry.Store(true) }

// InUse returns how many bytes and places are taken.
func (b *Budget) InUse() (memory, requests int64) {
	return b.memory.Capacity() - b.memory.Free(), b.places.Capacity() - b.places.Free()
}

type contextKey struct{}

// Begin returns a context that carries a new Share, which the caller must
// [Share.End].
func (b *Budget) Begin(ctx context.Context) (context.Context, *Share) {
	s := &Share{budget: b}
	return context.WithValue(ctx, contextKey{}, s), s
}

// Of returns the Share that [Budget.Begin] put into the context, or nil, whose
// methods grant everything: work that is nobody's request is bounded by whoever
// does it.
func Of(ctx context.Context) *Share {
	s, _ := ctx.Value(contextKey{}).(*Share)
	return s
}
