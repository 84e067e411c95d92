package event

import (
	"context"
	"time"

	"callbook/internal/work"
)

// pauses are those before an event is sent again: the first two are short, as the
// platform's are. After the last one, all are like it.
var pauses = [...]time.Duration{
	time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour,
}

const (
	// quickTries are those that every event gets, and retryFor is how long it waits in
	// all.
	quickTries = 3
	retryFor   = 24 * time.Hour
	// expireBatch is how many events are given up in one transaction.
	expireBatch = 1000
)

// next returns what becomes of an event after a try that failed.
func next(p *Pending, now time.Time) (State, Due) {
	tries := p.Tries + 1
	if tries >= quickTries && now.Sub(p.Since) >= retryFor {
		return GivenUp, 0
	}
	return Waiting, DueAt(now.Add(pauses[min(tries, len(pauses))-1]))
}

// drop forgets a chain. What it has waits in the store.
func (l *lane) drop(c *chain) {
	for i, p := range c.events {
		delete(l.known, p.ID)
		if i > 0 {
			l.bytes -= len(p.Body)
		}
	}
	delete(l.chains, target{c.events[0].Campaign, c.events[0].Position})
}

// forget drops all that is not under way.
func (l *lane) forget() {
	for _, c := range l.ready {
		l.bytes -= len(c.events[0].Body)
		l.drop(c)
	}
	l.ready = nil
}

// flush writes outcomes down.
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

// expire gives up what has waited for too long, when the receiver has not answered for
// so long that its pause is the longest.
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

// end waits for what is under way after an error of the store. What has become of it is
// not written down, so it is sent again.
func (l *lane) end(ctx context.Context, err error) error {
	for ; l.sending > 0; l.sending-- {
		<-l.results
	}
	return err
}
