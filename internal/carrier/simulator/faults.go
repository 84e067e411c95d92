package simulator

import (
	"errors"
	"math/rand/v2"
	"time"

	"callbook/internal/carrier"
)

// Faults are the chances of failures, from 0 to 1, for each event or call. The zero
// Faults cause none.
type Faults struct {
	Lose   float64 // that an event is not reported
	Double float64 // that an event is reported twice
	// Delay is the chance that an event is reported late, by up to MostDelay. Later
	// events may then overtake it.
	Delay     float64
	MostDelay time.Duration
	BreakOff  float64 // that a call leaves although Place returns an error
	Refuse    float64 // that a call does not leave
	Trunk     float64 // that a call ends at once with campaign.TrunkFailed
	// Down means that no call leaves, and that no event is reported until it is false
	// again.
	Down bool
}

// errBroken is the error of a call that has left nevertheless.
var errBroken = errors.New("the connection broke off while the call was sent")

// SetFaults replaces the chances of failures.
func (s *Simulator) SetFaults(f Faults) {
	s.mu.Lock()
	s.faults = f
	s.mu.Unlock()
	s.wake()
}

// happens draws whether something of this chance happens.
func (s *Simulator) happens(chance float64) bool { return chance > 0 && s.chance.Float64() < chance }

// spoil decides how often an event is reported, and how late each time.
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

// newChance returns a random generator, which yields the same for the same seed.
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
