package sip

import (
	"context"

	"callbook/internal/campaign"
)

// run runs the call from the first INVITE to the end.
func (l *call) run() {
	defer close(l.done)
	defer func() {
		// A message of the peer that makes this panic breaks no other call.
		if p := recover(); p != nil {
			l.c.opts.Log.Error("a call broke off", "trunk", l.line.trunk.Name)
			if d := l.record(); d.Answered {
				guarded(l.bye)
			}
			l.end(resultOf(0, 0, "The answer of the trunk could not be handled", false, nil))
		}
		l.finish()
	}()
	defer func() {
		if l.ctx != nil {
			l.stop()
		}
		l.cancels.Wait()
	}()
	if res := l.awaitAnswer(); res != nil {
		l.talk(res)
	}
}

// finish lets go of the call. If Run is ending, whoever records the ends of calls may not
// hear of this one any more, so its end goes into its record for the next process.
func (l *call) finish() {
	l.settle()
	l.mu.Lock()
	leave := l.leaveHop
	l.left = true
	l.mu.Unlock()
	leave()
	end := l.last()
	l.c.mu.Lock()
	down := l.c.down
	l.c.mu.Unlock()
	if down && end.State == campaign.CallEnded {
		l.mu.Lock()
		l.dialog.End = &end
		l.mu.Unlock()
		// The life of calls may have ended already.
		if err := l.save(context.WithoutCancel(l.c.life)); err != nil {
			l.c.opts.Log.Warn("the end of a call is not in its record", "error", err)
		}
	}
	l.c.forget(l, end)
}

// settle lets requests of the peer go on that wait for the answer of the call.
func (l *call) settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.settled:
	default:
		close(l.settled)
	}
}
