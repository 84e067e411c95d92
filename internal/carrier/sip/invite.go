package sip

import (
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

// awaitAnswer is the INVITE loop. It returns the answer 2xx, or nil after it has reported
// the end of the call. Only a final answer decides, because after a CANCEL the telephone
// may still have been picked up.
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
			if !whole(res) {
				continue
			}
			if !heard {
				heard = true
				l.line.heard(l.hosts[0])
			}
			switch {
			case !l.owns(res) && res.IsProvisional():
				continue
			case !l.owns(res):
				// Such an answer comes here only over TCP; see endpoint.mine. The library
				// takes no further final answer, so the call cannot go on. If the telephone
				// is picked up nevertheless, its answer goes to stray.
				l.cancel()
				l.tx.Terminate()
				l.end(resultOf(0, 0, "The answer of the trunk belongs to another call", false, nil))
				return nil
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
			if !heard && l.line.unheard(l.hosts[0], time.Now(), l.begun) {
				d := l.record()
				l.c.net.drop(&d)
			}
		case <-ring.C:
			if !heard && wanted == goOn {
				// The library goes on repeating the INVITE, and a late answer leads to a
				// CANCEL. The end is reported now, so that nobody waits for that.
				l.end(l.unheard())
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

// owns reports whether an answer belongs to the last INVITE of the call. The library
// compares the branch only.
func (l *call) owns(res *gosip.Response) bool {
	return res.CallID().Value() == callIDOf(l.order.Call) && res.CSeq().SeqNo == l.invite.CSeq().SeqNo && tag(res.From().Params) == l.localTag
}

// unanswered returns the result of a call that this side has ended before the answer.
func (l *call) unanswered(w wish) result {
	if w == hungUp {
		return resultOf(487, 31, "Hung up before an answer", l.rung(), l.line.trunk.Outcomes)
	}
	return resultOf(487, 19, "No answer from the user", l.rung(), l.line.trunk.Outcomes)
}

// unheard returns the result of a call that got no answer at all. If the trunk has sent an
// answer that could not be read, the telephone may have rung, and the trunk is not to blame.
func (l *call) unheard() result {
	r := result{outcome: campaign.TrunkFailed, code: 408, text: "The trunk gives no answer"}
	if l.line.garbledSince(l.begun) {
		r.outcome = campaign.CallFailed
	}
	return r
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
	l.end(l.unheard())
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
	l.line.judge(time.Now(), res.StatusCode, !rung && (r.outcome == campaign.TrunkFailed || cause == 0 && r.outcome == campaign.CallFailed))
	l.end(r)
}

// repeat sends another INVITE if a final answer asks for one: with credentials, with a longer
// session interval, or to the next host. It reports whether the INVITE has left.
func (l *call) repeat(res *gosip.Response) bool {
	switch res.StatusCode {
	case gosip.StatusUnauthorized, gosip.StatusProxyAuthRequired:
		if l.invites >= maxInvites || !l.auth.challenged(res, !l.proved) {
			return false
		}
		l.proved = true
	case 422: // Session Interval Too Small
		least := minSE(res)
		if l.invites >= maxInvites || l.interval != nil || least == "" {
			return false
		}
		l.interval = []string{"Session-Expires: " + least, "Min-SE: " + least}
	case gosip.StatusServiceUnavailable:
		return !l.rung() && retryAfter(res) == 0 && l.tryNext()
	default:
		return false
	}
	return l.sendInvite(l.c.life) == nil
}

// tryNext sends an INVITE to the first of the other hosts that takes it, and reports whether
// one has.
func (l *call) tryNext() bool {
	for len(l.hosts) > 1 {
		l.hosts = l.hosts[1:]
		l.address(l.hosts[0])
		if err := l.save(l.c.life); err != nil {
			return false
		}
		err := l.sendInvite(l.c.life)
		if err == nil {
			return true
		}
		l.line.missed(l.hosts[0], time.Now(), err)
	}
	return false
}

// errUnusable is why a call ends whose answer has no usable sound.
var errUnusable = errors.New("the answer of the trunk has no sound that can be played")
