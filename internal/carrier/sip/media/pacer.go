package media

import (
	"context"
	"time"
)

// mostBehind is how much delayed sound the pacer sends at once. After a longer delay, such
// as that of a machine that was suspended, sound goes on where it stood, later.
const mostBehind = 200 * time.Millisecond

// Run sends the packets of all sessions, one for each every 20 ms, and reads what came for
// them, until ctx ends. Then it closes all sessions. It returns after everything is closed. It must be called once.
func (e *Engine) Run(ctx context.Context) {
	defer e.close()
	sent := make(chan struct{}, 1) // that a round is over
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		e.listen(sent)
	}()
	defer func() { close(sent); <-listening }()
	timer := time.NewTimer(0)
	defer timer.Stop()
	due := time.Now() // of the next round
	for round := uint64(1); ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := time.Now()
		if behind := now.Sub(due); behind > mostBehind {
			skipped := uint64((behind - mostBehind) / frameTime)
			round += skipped
			due = due.Add(time.Duration(skipped) * frameTime)
		}
		for ; !due.After(now); due = due.Add(frameTime) {
			e.round(round, due)
			round++
		}
		select {
		case sent <- struct{}{}:
		default: // the listener is not done with the last round
		}
		e.keeping.judge(now, e.sent.Load(), e.late.Load())
		timer.Reset(time.Until(due))
	}
}

// round sends a packet for each session.
func (e *Engine) round(round uint64, due time.Time) {
	var sent, late uint64
	e.ticking = e.open(e.ticking[:0])
	for _, s := range e.ticking {
		now := e.opts.Now()
		if !s.tick(round, now) {
			continue
		}
		if sent++; now.Sub(due) > frameTime {
			late++
		}
	}
	clear(e.ticking) // to keep none that is closed meanwhile
	e.sent.Add(sent)
	e.late.Add(late)
}

// listen reads what came for all sessions whenever a round is over, until the channel is
// closed. Another goroutine sends, so that packets leave in time whatever comes.
func (e *Engine) listen(over <-chan struct{}) {
	buf := make([]byte, largestPacket)
	for range over {
		e.hearing = e.open(e.hearing[:0])
		now := time.Now()
		for _, s := range e.hearing {
			s.hear(buf, now)
		}
		clear(e.hearing) // to keep none that is closed meanwhile
	}
}

// close closes all sessions and waits until their sound is recorded.
func (e *Engine) close() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	for _, s := range e.open(nil) {
		s.Close()
	}
	e.work.Wait()
}
