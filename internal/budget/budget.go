// Package budget bounds the memory of requests: their bodies, what is decoded
// from them, and their answers until the client has read them.
//
// A [Budget] has two pools that accounts share fairly: bytes, and slots for
// requests in flight. The context of each request carries its [Share] of both,
// which is released when the request ends. A request of ordinary size takes a
// slot and no bytes, which costs two short critical sections.
package budget

import (
	"context"
	"sync/atomic"
	"time"

	"callbook/internal/fault"
	"callbook/internal/limit"
)

const (
	// Free is how many bytes a request may use without acquiring any from the
	// pool. Its slot covers them.
	Free = 16 << 10
	// step is the unit in which a share acquires bytes, so that a growing buffer
	// need not lock the pool for every item.
	step = 64 << 10
	// maxWaiting is how many requests of one account may wait for bytes.
	maxWaiting = 128
)

// Waits are the timeouts after which a request that waits for bytes is refused.
type Waits struct {
	First time.Duration // for its first bytes
	// All is for a bulk request that asks for all its bytes at once. It may be
	// long, since such a request holds nothing while it waits.
	All time.Duration
	// More is for further bytes of a request that holds some. It must be short,
	// since several growing requests deadlock until one of them gives up.
	More time.Duration
}

// DefaultWaits are the timeouts of a new [Budget].
var DefaultWaits = Waits{First: 10 * time.Second, All: 30 * time.Second, More: 5 * time.Second}

// The faults of a request that does not get what it needs. ErrShare and ErrPlaces
// mean that its own account uses too much, ErrFull and ErrCrowded that the server
// is full.
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

// Budget is the memory and the slots that all requests of a server share. It is
// safe for concurrent use.
type Budget struct {
	memory *limit.Pool // bytes
	slots  *limit.Pool // requests
	turns  *limit.Turns
	waits  Waits
	hurry  atomic.Bool
}

// New returns a Budget of this many bytes and requests in flight. A single active
// account gets half of each.
func New(memory, requests int64) *Budget {
	return &Budget{
		memory: limit.New(memory, limit.Options{Spare: true, MaxWaiting: maxWaiting, Busy: ErrShare}),
		slots:  limit.New(requests, limit.Options{Spare: true}),
		turns:  limit.NewTurns(),
		waits:  DefaultWaits,
	}
}

// SetWaits replaces the timeouts. It must be called before the first request.
func (b *Budget) SetWaits(w Waits) { b.waits = w }

// Turns returns the turns that heavy requests take. Heavy work in the background
// takes turns with them.
func (b *Budget) Turns() *limit.Turns { return b.turns }

// Scarce reports whether less than a quarter of the memory is free or [Budget.Hurry]
// was called. While it is true, slow clients are cut off sooner.
func (b *Budget) Scarce() bool {
	return b.hurry.Load() || b.memory.Free() < b.memory.Capacity()/4
}

// Hurry makes [Budget.Scarce] true from now on, for a server that is stopping.
func (b *Budget) Hurry() { b.hurry.Store(true) }

// InUse returns how many bytes and slots are taken.
func (b *Budget) InUse() (memory, requests int64) {
	return b.memory.Capacity() - b.memory.Free(), b.slots.Capacity() - b.slots.Free()
}

type contextKey struct{}

// Begin returns a context that carries a new Share, which the caller must
// [Share.End].
func (b *Budget) Begin(ctx context.Context) (context.Context, *Share) {
	s := &Share{budget: b}
	return context.WithValue(ctx, contextKey{}, s), s
}

// Of returns the Share that [Budget.Begin] put into the context, or nil. The
// methods of a nil Share grant everything: work that is not part of a request
// must be bounded by its caller.
func Of(ctx context.Context) *Share {
	s, _ := ctx.Value(contextKey{}).(*Share)
	return s
}
