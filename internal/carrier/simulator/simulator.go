// Package simulator is a carrier without telephones: it calls nobody. The result of a
// call is a pure function of the seed, the number and the attempt. The last digit of the
// number decides, as with test numbers of credit cards:
//
//	0 to 5  answer
//	6       is busy
//	7       rings, and nobody answers
//	8       fails, and answers the next attempt
//	9       fails
//
// The last digit but one is the key that the callee presses if the flow asks for keys; 0
// means none.
//
// The simulator really requests the URLs of a flow.
package simulator

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/clock"
)

// maxCalls bounds the calls in flight.
const maxCalls = 200_000

// Options configure a [Simulator].
type Options struct {
	// Clock is the clock by which calls take time. It must not be nil.
	Clock clock.Clock
	// Seed decides how long calls ring and last.
	Seed uint64
	// Instant lets calls end as soon as they leave.
	Instant bool
}

// Simulator is a carrier that calls nobody.
type Simulator struct {
	opts   Options
	woken  chan struct{} // wakes Run when an earlier step was added, or when the faults have changed
	asking sync.WaitGroup

	mu     sync.Mutex
	calls  map[addressbook.SID]*call // in flight
	steps  steps
	faults Faults
	chance *rand.Rand
}

var _ carrier.Carrier = (*Simulator)(nil)

// call is a call in flight.
type call struct {
	order  carrier.Order
	script script
	placed time.Time
	at     time.Duration // how far its script has been followed
	// cancel ends the requests of the flow; nil before they begin.
	cancel context.CancelFunc
}

// New returns a simulator.
func New(opts Options) *Simulator {
	return &Simulator{opts: opts, woken: make(chan struct{}, 1), calls: make(map[addressbook.SID]*call), chance: newChance(opts.Seed)}
}

// Real implements [carrier.Carrier]: it calls nobody.
func (s *Simulator) Real() bool { return false }

// Run implements [carrier.Carrier].
func (s *Simulator) Run(ctx context.Context, tell func(carrier.Progress)) {
	defer s.asking.Wait()
	for ctx.Err() == nil {
		told, wait := s.take(ctx)
		for _, p := range told {
			tell(p)
		}
		if len(told) > 0 {
			continue // take again, because telling took time
		}
		var due <-chan time.Time
		if wait > 0 {
			due = s.opts.Clock.Tick(wait)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.woken:
		case <-due:
		}
	}
}

// maxTold is how many events Run reports at once.
const maxTold = 1000

// take returns the events that are due. Wait is the time until the next one; it is
// negative if there is none.
func (s *Simulator) take(ctx context.Context) (told []carrier.Progress, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Clock.Now()
	for len(s.steps) > 0 && !s.faults.Down {
		first := s.steps[0]
		if wait := first.at.Sub(now); wait > 0 {
			return told, wait
		}
		if len(told) == maxTold {
			return told, 0
		}
		heap.Pop(&s.steps)
		if first.call == nil {
			told = append(told, first.late)
			continue
		}
		told = s.step(ctx, told, first.call, now)
	}
	return told, -1
}

// step follows the script of a call up to now, and appends its progress to told.
func (s *Simulator) step(ctx context.Context, told []carrier.Progress, c *call, now time.Time) []carrier.Progress {
	if s.calls[c.order.Call] != c {
		return told // it was hung up in the meantime
	}
	c.at = max(c.at, now.Sub(c.placed))
	p := c.script.progress(&c.order, c.placed, c.at)
	for _, delay := range s.spoil() {
		if delay == 0 {
			told = append(told, p)
		} else {
			heap.Push(&s.steps, step{at: now.Add(delay), late: p})
		}
	}
	next, more := c.script.next(c.at)
	switch {
	case more:
		heap.Push(&s.steps, step{at: c.placed.Add(next), call: c})
	case !c.script.open:
		delete(s.calls, c.order.Call)
	case c.cancel == nil: // the callee has answered
		var flow context.Context
		flow, c.cancel = context.WithCancel(ctx)
		s.asking.Go(func() { s.ask(flow, c) })
	}
	return told
}

// ask runs a flow that requests URLs. The requests take real time, whatever the clock of
// calls shows, and the call lasts until they have answered.
func (s *Simulator) ask(ctx context.Context, c *call) {
	run := press(c.order.To, c.order.Flow, func(u callflow.URL, digits string) (in callflow.Input) {
		if c.order.Ask != nil && ctx.Err() == nil {
			in = c.order.Ask(ctx, u, digits)
		}
		return in
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || s.calls[c.order.Call] != c {
		return // the call was hung up, or the simulator has ended
	}
	c.cancel()
	now := s.opts.Clock.Now()
	c.script.heard(run, now.Sub(c.placed))
	heap.Push(&s.steps, step{at: now, call: c})
	s.wake()
}

// Place implements [carrier.Carrier].
func (s *Simulator) Place(ctx context.Context, o carrier.Order) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls[o.Call] != nil {
		return carrier.ErrTwice
	}
	if err := s.refused(); err != nil {
		return err
	}
	c := s.begin(o, s.opts.Clock.Now())
	if s.happens(s.faults.Trunk) {
		c.script = trunkFailure
	}
	if s.happens(s.faults.BreakOff) {
		return errBroken
	}
	return nil
}

// begin adds a call that is in flight.
func (s *Simulator) begin(o carrier.Order, placed time.Time) *call {
	c := &call{order: o, script: write(s.opts.Seed, o.To, o.Attempt, o.Flow, s.opts.Instant), placed: placed}
	s.calls[o.Call] = c
	heap.Push(&s.steps, step{at: placed, call: c})
	s.wake()
	return c
}

// Hangup implements [carrier.Carrier].
func (s *Simulator) Hangup(ctx context.Context, sid addressbook.SID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.calls[sid]
	if c == nil {
		return nil
	}
	if c.cancel != nil {
		c.cancel()
	}
	now := s.opts.Clock.Now()
	c.script.hangUp(now.Sub(c.placed))
	heap.Push(&s.steps, step{at: now, call: c})
	s.wake()
	return nil
}

// Resolve implements [carrier.Carrier]. The course of a call is a pure function, so the
// simulator also knows the calls of earlier processes.
func (s *Simulator) Resolve(ctx context.Context, asked []carrier.Asked) ([]carrier.Resolution, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.Down {
		return nil, carrier.ErrDown
	}
	now := s.opts.Clock.Now()
	answers := make([]carrier.Resolution, len(asked))
	for i, a := range asked {
		c := s.calls[a.Call]
		if c == nil {
			c = s.begin(a.Order, a.Placed)
		}
		p := c.script.progress(&c.order, c.placed, max(c.at, now.Sub(c.placed)))
		answers[i] = carrier.Resolution{Fate: carrier.InFlight, Progress: p}
		if p.State == campaign.CallEnded {
			answers[i].Fate = carrier.Over
			delete(s.calls, a.Call)
		}
	}
	return answers, nil
}

// wake makes Run look for events now.
func (s *Simulator) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}
