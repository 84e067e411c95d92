package event

import (
	"context"
	"time"

	"callbook/internal/work"
)

// pauses are the waiting times after the first, second and further failed tries. The last
// one repeats. The first two are those of Exotel.
var pauses = [...]time.Duration{
	time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour,
}

const (
	// An event is given up after quickTries tries at least, and no sooner than retryFor
	// after it was stored.
	quickTries = 3
	retryFor   = 24 * time.Hour
	// expireBatch is how many events one transaction gives up.
	expireBatch = 1000
)

// next returns the state of an event after a failed try, and when it is due again.
func next(p *Pending, now time.Time) (State, Due) {
	tries := p.Tries + 1
	if tries >= quickTries && now.Sub(p.Since) >= retryFor {
		return GivenUp, 0
	}
	return Waiting, DueAt(now.Add(pauses[min(tries, len(pauses))-1]))
}

// drop removes a chain from memory. Its events stay in the store and are due there.
func (l *lane) drop(c *chain) {
	for i, p := range c.events {
		delete(l.known, p.ID)
		if i > 0 {
			l.bytes -= len(p.Body)
		}
	}
	delete(l.chains, target{c.events[0].Campaign, c.events[0].Position})
}

// forget drops all chains that have no event under way.
func (l *lane) forget() {
	for _, c := range l.ready {
		l.bytes -= len(c.events[0].Body)
		l.drop(c)
	}
	l.ready = nil
}

// flush stores the queued outcomes.
func (l *lane) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if err := l.d.store.Record(ctx, l.lease(), l.to.Account, l.outcomes); err != nil {
		return err
	}
	for _, o := range l.outcomes {
		delete(l.known, o.ID)
	}
	l.outcomes = l.outcomes[:0]
	return nil
}

func (l *lane) lease() work.Lease { return l.d.lease() }

// expire gives up events that have waited longer than retryFor. It does nothing until the
// receiver has been down for so long that its pause is the longest.
func (l *lane) expire(ctx context.Context) error {
	if l.pause < longestPause {
		return nil
	}
	now := l.d.opts.Clock.Now()
	for more := true; more; {
		var err error
		if more, err = l.d.store.Expire(ctx, l.lease(), l.to, now.Add(-retryFor), now, expireBatch); err != nil {
			return err
		}
	}
	return nil
}

// end waits for the requests under way after an error of the store. It drops their
// outcomes, so those events are sent again.
func (l *lane) end(ctx context.Context, err error) error {
	for ; l.sending > 0; l.sending-- {
		<-l.results
	}
	return err
}
