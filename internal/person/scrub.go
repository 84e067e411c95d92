package person

import (
	"context"
	"slices"
	"sync"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/clock"
)

// finishEvery is how often a server looks for erasures that were cut off.
const finishEvery = time.Minute

// scrubs is what [Persons] knows of the cleaning of the database's files.
type scrubs struct {
	finishing chan struct{} // has a place for the one call of finish

	mu    sync.Mutex
	begun map[addressbook.SID]bool // the erasures under way
}

func newScrubs() scrubs {
	return scrubs{finishing: make(chan struct{}, 1), begun: make(map[addressbook.SID]bool)}
}

// begin notes that an erasure is under way, until end is called.
func (s *scrubs) begin(erasure addressbook.SID) (end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun[erasure] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.begun, erasure)
	}
}

// cutOff returns those of the erasures that are not under way.
func (s *scrubs) cutOff(erasures []addressbook.SID) []addressbook.SID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(erasures, func(e addressbook.SID) bool { return s.begun[e] })
}

// Run finishes erasures that were cut off, until ctx ends: those that a server had
// committed when it was killed, and those that failed afterwards.
func (p *Persons) Run(ctx context.Context) {
	clock.Job{
		Clock: p.opts.Clock, Every: finishEvery, Do: p.finish,
		Log: p.opts.Log, Failed: "remains of a person who was erased could not be cleaned out of the database's files; it will be tried again",
	}.Run(ctx)
}

// finish cleans the database's files after erasures that were cut off. Nobody knows their
// texts any more, so it clears all free space.
func (p *Persons) finish(ctx context.Context) error {
	select {
	case p.finishing <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-p.finishing }()
	marked, err := p.opts.Store.Unscrubbed(ctx)
	if err != nil {
		return err
	}
	left := p.cutOff(marked)
	if len(left) == 0 {
		return nil
	}
	return p.opts.Store.Scrub(ctx, left, nil)
}
