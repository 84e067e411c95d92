package budget

import (
	"context"
	"errors"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/limit"
)

// Share is what one request holds of a [Budget]. It is safe for concurrent use:
// a store may claim bytes on a goroutine of its own.
type Share struct {
	budget *Budget

	mu       sync.Mutex
	account  account.ID
	admitted bool // Admit has taken a slot
	ended    bool
	used     int64 // bytes that the request claims to use
	held     int64 // bytes acquired from the pool; used may be larger by Free

	turn *limit.Turn // of the goroutine that serves the request; nil before its first
}

// Admit takes a slot for the request once its account is known. Until then the
// share can get no bytes. Admit does not wait: the error is [ErrPlaces] or
// [ErrCrowded]. It does nothing if the request has its slot already.
func (s *Share) Admit(account account.ID) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.admitted {
		return nil
	}
	if !s.budget.slots.TryAcquire(account, 1) {
		if s.budget.slots.Sated(account, 1) {
			return ErrPlaces
		}
		return ErrCrowded
	}
	s.account, s.admitted = account, true
	s.budget.turns.Note(account)
	return nil
}

// BeginTurn waits for the request's turn to compute, if other accounts are active;
// see [limit.Turns]. It is for requests that keep a processor busy for
// milliseconds, and is called by the goroutine that serves the request. A request
// must not wait for memory, or for its client, within its turn. The error is the
// cause of ctx.
func (s *Share) BeginTurn(ctx context.Context) error {
	if s == nil {
		return nil
	}
	if s.turn == nil {
		s.turn = s.budget.turns.For(s.account)
	}
	return s.turn.Begin(ctx)
}

// EndTurn ends the request's turn, and reports whether it had one.
func (s *Share) EndTurn() bool { return s != nil && s.turn != nil && s.turn.End() }

// Take adds n to the bytes that the request uses, and waits some seconds for them
// if necessary. The error is [ErrShare], [ErrFull] or the context's cause, and
// then nothing was taken.
func (s *Share) Take(ctx context.Context, n int64) error {
	if s == nil {
		return nil
	}
	if err := s.Reserve(ctx, n); err != nil {
		return err
	}
	return s.Claim(n)
}

// Reserve acquires n bytes for later calls of [Share.Claim], which then succeed. It
// waits as Take does. [Share.Give] releases what was reserved but not claimed.
func (s *Share) Reserve(ctx context.Context, n int64) error {
	return s.reserve(ctx, n, s.waits().First, false)
}

// ReserveMost is Reserve for a request that asks once for all bytes that it may
// need. It reserves fewer than n if n exceeds what the account could have now
// with no other request of its own in flight. If the request holds nothing yet,
// it waits longer than Reserve: up to half a minute.
func (s *Share) ReserveMost(ctx context.Context, n int64) error {
	return s.reserve(ctx, n, s.waits().All, true)
}

// waits returns the timeouts; s may be nil.
func (s *Share) waits() Waits {
	if s == nil {
		return Waits{}
	}
	return s.budget.waits
}

func (s *Share) reserve(ctx context.Context, n int64, patience time.Duration, clamp bool) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	more := s.missing(n)
	held, account, admitted := s.held, s.account, s.admitted
	s.mu.Unlock()
	if clamp {
		memory := s.budget.memory
		share := (memory.Free() + memory.Held(account)) / 2
		more = min(more, (share-held)/step*step)
	}
	if held > 0 {
		patience = s.waits().More
	}
	switch {
	case more <= 0:
		return nil
	case !admitted:
		return ErrShare // the account is not known yet
	case more > s.budget.memory.Capacity()/2:
		// No account gets more than half, so this would wait in vain.
		return ErrShare
	}
	if !s.budget.memory.TryAcquire(account, more) {
		if err := s.wait(ctx, more, patience); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		s.budget.memory.Release(account, more)
		return ErrFull
	}
	s.held += more
	return nil
}

// wait acquires n bytes from the pool, or gives up after this timeout.
func (s *Share) wait(ctx context.Context, n int64, patience time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errWaited)
	defer cancel()
	err := s.budget.memory.Acquire(ctx, s.account, n)
	if errors.Is(err, errWaited) {
		return s.refused(n)
	}
	return err
}

var errWaited = errors.New("no memory became free in time")

// refused returns the fault that says why n bytes are not available.
func (s *Share) refused(n int64) error {
	if s.budget.memory.Sated(s.account, n) {
		return ErrShare
	}
	return ErrFull
}

// Claim adds n to the bytes that the request uses. It does not wait, so it may be
// called inside a database transaction. The error is [ErrShare] or [ErrFull], and
// then nothing was taken.
func (s *Share) Claim(n int64) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if more := s.missing(n); more > 0 {
		switch {
		case s.ended:
			return ErrFull
		case !s.admitted:
			return ErrShare
		case !s.budget.memory.TryAcquire(s.account, more):
			return s.refused(more)
		}
		s.held += more
	}
	s.used += n
	return nil
}

// missing returns how many bytes the share must acquire from the pool to use n
// more. The caller must hold s.mu.
func (s *Share) missing(n int64) int64 {
	more := s.used + n - Free - s.held
	if more <= 0 {
		return 0
	}
	return (more + step - 1) / step * step
}

// Used returns how many bytes the request uses.
func (s *Share) Used() int64 {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// Give reduces the bytes that the request uses to used, a value that [Share.Used]
// has returned, and releases all others, including those that were only reserved.
func (s *Share) Give(used int64) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = min(s.used, used)
	needed := (max(0, s.used-Free) + step - 1) / step * step
	if s.held > needed {
		s.budget.memory.Release(s.account, s.held-needed)
		s.held = needed
	}
}

// Unclaim is like Give, but leaves the other bytes reserved for later claims.
func (s *Share) Unclaim(used int64) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = min(s.used, used)
}

// Scarce is [Budget.Scarce].
func (s *Share) Scarce() bool { return s != nil && s.budget.Scarce() }

// End releases everything. It must be called when the request ends.
func (s *Share) End() {
	s.EndTurn()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.held > 0 {
		s.budget.memory.Release(s.account, s.held)
	}
	if s.admitted {
		s.budget.slots.Release(s.account, 1)
	}
	s.used, s.held, s.admitted = 0, 0, false
}
