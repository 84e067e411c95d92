package sip

import (
	"context"
	"errors"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"callbook/internal/campaign"
)

// cancelWithin is how long the INVITE is kept after its CANCEL, as long as a peer repeats
// an answer 2xx (64 times T1).
const cancelWithin = 32 * time.Second

// quietFor is how long a trunk takes at most for its first answer, such as "100 Trying".
// After that the call goes on, and counts against the trunk.
const quietFor = 4 * time.Second

// wish is why a call is to end before the answer.
type wish uint8

const (
	goOn    wish = iota
	rangOut      // the time of ringing is over
	hungUp       // somebody asked
)

// run runs the call from the first INVITE to the end.
func (l *call) run() {
	defer close(l.done)
	defer func() {
		// A message of the peer that makes this panic breaks no other call.
		if p := recover(); p != nil {
			l.c.opts.Log.Error("a call broke off", "trunk", l.line.trunk.Name)
			l.end(resultOf(0, 0, "The answer of the trunk could not be handled", false, nil))
		}
		l.finish()
	}()
	var stop context.CancelFunc
	l.ctx, stop = context.WithCancel(l.c.life)
	defer l.cancels.Wait()
	defer stop()
	if res := l.awaitAnswer(); res != nil {
		l.talk(res)
	}
	l.mu.Lock()
	leave := l.leaveHop
	l.mu.Unlock()
	leave()
	l.settle()
}

// finish forgets the call. If Run is ending, whoever records the ends of calls may not
// hear of this one any more, so its end goes into its record for the next process.
func (l *call) finish() {
	end := l.last()
	l.c.mu.Lock()
	down := l.c.down
	l.c.mu.Unlock()
	if down && end.State == campaign.CallEnded {
		l.mu.Lock()
		l.dialog.End = &end
		l.mu.Unlock()
		if err := l.save(l.c.life); err != nil {
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

// awaitAnswer is the INVITE loop. It returns the answer 2xx, or nil after it has reported
// the end of the call. A final answer alone decides: after a CANCEL the telephone may
// still have been picked up.
func (l *call) awaitAnswer() *gosip.Response {
	ring := time.NewTimer(l.c.opts.Ring)
	defer ring.Stop()
	quiet := time.NewTimer(min(quietFor, l.c.opts.Ring))
	defer quiet.Stop()
	var giveUp <-chan time.Time
	wanted, heard, cancelled := goOn, false, false
	asked := l.asked
	want := func(w wish) {
		if wanted == goOn {
			wanted = w
		}
		if heard && !cancelled {
			l.cancel()
			cancelled, giveUp = true, time.After(cancelWithin)
		}
	}
	for {
		select {
		case res := <-l.tx.Responses():
			if !whole(res) || res.CallID().Value() != callIDOf(l.order.Call) || !l.c.mine(res) {
				continue // over TCP such an answer comes as far as this
			}
			if !heard {
				heard = true
				l.line.heard()
			}
			switch {
			case res.IsProvisional():
				if wanted != goOn {
					want(wanted)
				} else if res.StatusCode == gosip.StatusRinging || res.StatusCode == gosip.StatusSessionInProgress {
					l.ringing()
				}
				continue
			case res.IsSuccess():
				l.took(res)
				if wanted == goOn {
					return res
				}
				l.refuse(res, l.unanswered(wanted))
				return nil
			}
			if wanted == goOn && l.repeat(res) {
				heard = false
				continue
			}
			l.failed(res, wanted)
			return nil
		case <-l.tx.Done():
			l.silence(wanted, heard)
			return nil
		case <-quiet.C:
			if !heard {
				l.line.unheard(time.Now())
			}
		case <-ring.C:
			if !heard && wanted == goOn {
				// The INVITE goes on being repeated, and an answer to it leads to a CANCEL.
				// Meanwhile nobody has to wait.
				l.end(resultOf(408, 0, "The trunk gives no answer", false, nil))
			}
			want(rangOut)
		case <-asked:
			asked = nil
			want(hungUp)
		case <-giveUp:
			l.tx.Terminate() // a later answer is a stray one
			l.silence(wanted, heard)
			return nil
		case <-l.c.life.Done():
			l.tx.Terminate()
			l.end(l.unanswered(hungUp))
			return nil
		}
	}
}

// unanswered is what a call counts as that was ended before the answer.
func (l *call) unanswered(w wish) result {
	if w == hungUp {
		return resultOf(487, 31, "Hung up before an answer", l.rung(), l.line.trunk.Outcomes)
	}
	return resultOf(487, 19, "No answer from the user", l.rung(), l.line.trunk.Outcomes)
}

// silence reports the end of a call whose INVITE got no final answer.
func (l *call) silence(w wish, heard bool) {
	if heard {
		if w == goOn {
			w = rangOut
		}
		l.end(l.unanswered(w))
		return
	}
	l.end(resultOf(408, 0, "The trunk gives no answer", false, nil))
}

// failed reports the end of a call after a final answer other than 2xx.
func (l *call) failed(res *gosip.Response, w wish) {
	cause, text := reasonOf(res)
	own := l.line.trunk.Outcomes
	switch {
	case w != goOn && (res.StatusCode == gosip.StatusRequestTerminated || cause == 0):
		l.end(l.unanswered(w))
		return
	case res.StatusCode == gosip.StatusUnauthorized || res.StatusCode == gosip.StatusProxyAuthRequired:
		l.line.refuse(time.Now(), refusedFor, "it refuses the user or the password")
	case res.StatusCode == gosip.StatusServiceUnavailable:
		if after := retryAfter(res); after > 0 {
			l.line.refuse(time.Now(), after, "it asks to wait")
		}
	}
	rung := l.rung()
	r := resultOf(res.StatusCode, cause, text, rung, own)
	l.line.judge(time.Now(), res.StatusCode, !rung && cause == 0 && r.outcome == campaign.CallFailed)
	l.end(r)
}

// repeat answers a final answer that asks for another INVITE: one with credentials, one
// with a longer session interval, or one to the next host. It reports whether that left.
func (l *call) repeat(res *gosip.Response) bool {
	switch res.StatusCode {
	case gosip.StatusUnauthorized, gosip.StatusProxyAuthRequired:
		if l.invites >= maxInvites || !l.auth.challenged(res, !l.proved) {
			return false
		}
		l.proved = true
	case 422: // Session Interval Too Small
		least := minSE(res)
		if l.invites >= maxInvites || l.interval != "" || least == "" {
			return false
		}
		l.interval = "Session-Expires: " + least + "\r\nMin-SE: " + least
	case gosip.StatusServiceUnavailable:
		if l.rung() || len(l.hosts) < 2 || retryAfter(res) > 0 {
			return false
		}
		l.hosts = l.hosts[1:]
		l.address(l.hosts[0])
		if err := l.save(l.c.life); err != nil {
			return false
		}
	default:
		return false
	}
	return l.sendInvite() == nil
}

// errUnusable is why a call ends whose answer has no usable sound.
var errUnusable = errors.New("the answer of the trunk has no sound that can be played")
