package budget

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Share is what one request has of a [Budget]. A store may claim bytes on
// another goroutine than the request's.
type Share struct {
	budget *Budget

	mu      sync.Mutex
	account int64
	placed  bool
	ended   bool
	used    int64 // bytes that the request says it uses
	held    int64 // bytes of the pool; Free more may be used
}

// Admit takes a place for the request, which is now known to be this account's.
// Until then the share can get no bytes. It does not wait: the error is
// [ErrPlaces] or [ErrCrowded]. For a request that has its place already it does
// nothing.
func (s *Share) Admit(account int64) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.placed {
		return nil
	}
	if !s.budget.places.TryAcquire(account, 1) {
		if s.budget.places.Sated(account, 1) {
			return ErrPlaces
		}
		return ErrCrowded
	}
	s.account, s.placed = account, true
	return nil
}

// Take makes the request use n more bytes, and waits until it may, some seconds
// at most. The error is [ErrShare], [ErrFull] or the context's cause, and then
// nothing was taken.
func (s *Share) Take(ctx context.Context, n int64) error {
	if s == nil {
		return nil
	}
	if err := s.Reserve(ctx, n); err != nil {
		return err
	}
	return s.Claim(n)
}

// Reserve makes sure that a [Share.Claim] of n more bytes succeeds, and waits
// as Take does. [Share.Give] gives back what was reserved and not claimed.
func (s *Share) Reserve(ctx context.Context, n int64) error {
	return s.reserve(ctx, n, s.waits().First, false)
}

// ReserveMost is Reserve for a request that asks once for all that it may come
// to use. It reserves less than n bytes where n exceeds what the account could
// have now if nothing else of its own were in flight, and waits longer, up to
// half a minute, as long as the request holds nothing.
func (s *Share) ReserveMost(ctx context.Context, n int64) error {
	return s.reserve(ctx, n, s.waits().All, true)
}

// waits also has an answer for the Share that grants everything.
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
	held, account, placed := s.held, s.account, s.placed
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
	case !placed:
		return ErrShare // nobody known asks
	case more > s.budget.memory.Capacity()/2:
		// An account alone gets half, so it would wait in vain.
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

// wait waits for bytes of the pool.
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

// refused is why n bytes cannot be had.
func (s *Share) refused(n int64) error {
	if s.budget.memory.Sated(s.account, n) {
		return ErrShare
	}
	return ErrFull
}

// Claim makes the request use n more bytes. It does not wait, so it may be
// called with a database transaction open. The error is [ErrShare] or
// [ErrFull], and then nothing was taken.
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
		case !s.placed:
			return ErrShare
		case !s.budget.memory.TryAcquire(s.account, more):
			return s.refused(more)
		}
		s.held += more
	}
	s.used += n
	return nil
}

// missing is how many bytes the share has to take of the pool for n more. It
// needs the lock.
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

// Give makes the request use no more than used bytes, as [Share.Used] returned
// them before, and gives the rest back, with all that was only reserved.
func (s *Share) Give(used int64) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = min(s.used, used)
	keep := (max(0, s.used-Free) + step - 1) / step * step
	if s.held > keep {
		s.budget.memory.Release(s.account, s.held-keep)
		s.held = keep
	}
}

// Unclaim makes the request use no more than used bytes, as Give does, and keeps
// the rest reserved, for later claims.
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

// End gives everything back. It must be called when the request is done with.
func (s *Share) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.held > 0 {
		s.budget.memory.Release(s.account, s.held)
	}
	if s.placed {
		s.budget.places.Release(s.account, 1)
	}
	s.used, s.held, s.placed = 0, 0, false
}
