package simulator

import (
	"errors"
	"math/rand/v2"
	"time"

	"callbook/internal/carrier"
)

// Faults are what goes wrong. Each chance is from 0 to 1, and asked for each event or
// each call by itself. The zero Faults are none.
type Faults struct {
	Lose   float64 // of an event that is not told
	Double float64 // of an event that is told twice
	// Delay is the chance of an event that comes late, by MostDelay at most. Later ones
	// may so come before it.
	Delay     float64
	MostDelay time.Duration
	BreakOff  float64 // of a call that leaves although Place returns an error
	Refuse    float64 // of a call that does not leave
	// Down says that no call leaves, and that nothing is told until it is up again.
	Down bool
}

// errBroken is the error of a call that has left all the same.
var errBroken = errors.New("the connection broke off while the call was sent")

// SetFaults changes what goes wrong from now on.
func (s *Simulator) SetFaults(f Faults) {
	s.mu.Lock()
	s.faults = f
	s.mu.Unlock()
	s.wake()
}

// happens tells whether something of this chance happens.
func (s *Simulator) happens(chance float64) bool { return chance > 0 && s.chance.Float64() < chance }

// spoil decides what becomes of an event: how often it is told, and how late each time.
func (s *Simulator) spoil() (delays []time.Duration) {
	times := 1
	switch {
	case s.happens(s.faults.Lose):
		times = 0
	case s.happens(s.faults.Double):
		times = 2
	}
	for range times {
		d := time.Duration(0)
		if s.happens(s.faults.Delay) {
			d = time.Duration(s.chance.Int64N(int64(max(1, s.faults.MostDelay))))
		}
		delays = append(delays, d)
	}
	return delays
}

// newChance returns the dice of the faults, which are the same for the same seed.
func newChance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0xfa)) }

// refused returns the error of a call that must not leave, or nil.
func (s *Simulator) refused() error {
	switch {
	case s.faults.Down:
		return &carrier.NotSentError{After: time.Second, Cause: carrier.ErrDown}
	case len(s.calls) >= maxCalls:
		return &carrier.NotSentError{After: time.Second, Cause: errFull}
	case s.happens(s.faults.Refuse):
		return &carrier.NotSentError{Cause: errRefused}
	}
	return nil
}

var (
	errFull    = errors.New("too many calls are in flight")
	errRefused = errors.New("the call was refused")
)
