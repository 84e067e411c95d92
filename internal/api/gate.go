package api

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"callbook/internal/fault"
)

// gate bounds what bulk requests take of the machine: the memory for their
// bodies, and how many are worked on at once. Whoever has to wait does so in
// the order of arrival; when too many wait, the next is sent away. Small
// requests pass freely.
type gate struct {
	memory  *semaphore.Weighted // bytes of bodies
	work    *semaphore.Weighted // requests
	waiting atomic.Int64
}

const (
	// smallBody is up to where a request is not worth waiting for, in bytes.
	smallBody = 64 << 10
	// bodyMemory is how many bytes of bodies are held at once, and at least
	// one body of the largest size.
	bodyMemory = 64 << 20
	// workPerCore is how many bulk requests are worked on at once: one waits
	// for the disk while the other is decoded.
	workPerCore = 2
	// maxWaiting is how many bulk requests may wait.
	maxWaiting = 256
	// growWait is how long a body waits for more memory while it holds some:
	// several that do could otherwise wait for each other.
	growWait = 5 * time.Second
)

var errBusy = &fault.Error{
	Kind:       fault.Unavailable,
	Detail:     "Too many large requests are waiting",
	RetryAfter: 2 * time.Second,
}

func newGate(maxBody int64) *gate {
	return &gate{
		memory: semaphore.NewWeighted(max(bodyMemory, maxBody)),
		work:   semaphore.NewWeighted(int64(workPerCore * runtime.GOMAXPROCS(0))),
	}
}

// share returns a share of the memory that has none yet.
func (g *gate) share() *share { return &share{gate: g} }

// share is the memory that one body holds.
type share struct {
	gate *gate
	held int64
}

// grow waits for n more bytes.
func (s *share) grow(ctx context.Context, n int64) error {
	if s.held > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, growWait, errBusy)
		defer cancel()
	}
	if err := s.gate.acquire(ctx, s.gate.memory, n); err != nil {
		return err
	}
	s.held += n
	return nil
}

// free gives all of it back.
func (s *share) free() {
	s.gate.memory.Release(s.held)
	s.held = 0
}

// begin waits for the turn to work on a body of this size.
func (g *gate) begin(ctx context.Context, size int) (done func(), err error) {
	if size <= smallBody {
		return func() {}, nil
	}
	if err := g.acquire(ctx, g.work, 1); err != nil {
		return nil, err
	}
	return func() { g.work.Release(1) }, nil
}

func (g *gate) acquire(ctx context.Context, s *semaphore.Weighted, n int64) error {
	if s.TryAcquire(n) {
		return nil
	}
	if g.waiting.Add(1) > maxWaiting {
		g.waiting.Add(-1)
		return errBusy
	}
	err := s.Acquire(ctx, n)
	g.waiting.Add(-1)
	if err != nil {
		return context.Cause(ctx)
	}
	return nil
}
