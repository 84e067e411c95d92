package sip

import (
	"context"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip/media"
)

// took makes the first answer 2xx the call's dialog.
func (l *call) took(res *gosip.Response) {
	cseq, before := l.invite.CSeq().SeqNo, l.record()
	d := l.c.reached(before.fork(res, cseq), before.Dest)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dialog, l.ackCSeq = d, cseq
	l.peerTag = tag(res.To().Params)
	l.line.judge(time.Now(), res.StatusCode, false)
	l.leaveHop = l.c.lines.hop(l.dialog.hop())
}

// refuse acknowledges an answer and hangs up at once.
func (l *call) refuse(res *gosip.Response, r result) {
	if err := l.save(l.c.life); err != nil {
		l.c.opts.Log.Warn("a call that was answered too late is ended without a record", "error", err)
	}
	l.acknowledge(res)
	l.settle()
	l.bye()
	l.end(r)
}

// acknowledge sends the ACK for the answer of the call.
func (l *call) acknowledge(res *gosip.Response) {
	l.mu.Lock()
	d, cseq := l.dialog, l.ackCSeq
	l.acked = true
	l.mu.Unlock()
	l.ackOf(&d, res, cseq)
}

// maxForks bounds the further answers of a call that are taken, because each one makes this
// side send requests.
const maxForks = 16

// again takes an answer 2xx that comes after the first. The same answer again means that
// the ACK was lost. An answer with another tag comes from another telephone that the call
// was forked to; again hangs that telephone up.
func (l *call) again(res *gosip.Response, cseq uint32) {
	if !res.IsSuccess() {
		return
	}
	l.mu.Lock()
	d, acked, same := l.dialog, l.acked, tag(res.To().Params) == l.peerTag
	if acked && !same {
		l.forks++
	}
	many := l.forks > maxForks
	l.mu.Unlock()
	switch {
	case !acked: // the first answer is still being handled; this one comes again
	case same:
		l.ackOf(&d, res, cseq)
	case !many:
		other := l.c.reached(d.fork(res, cseq), d.Dest)
		l.ackOf(&other, res, cseq)
		l.c.endFork(&other, l.auth)
	}
}

// endFork hangs up a dialog that is not that of a call, in the background.
func (c *Carrier) endFork(d *Dialog, auth *login) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life == nil || c.life.Err() != nil {
		return
	}
	life, fork := c.life, *d
	c.working.Go(func() {
		defer c.lines.hop(fork.hop())()
		ctx, cancel := context.WithTimeout(life, answerWithin)
		defer cancel()
		c.byeOf(ctx, &fork, fork.CSeq+1, auth)
	})
}

// byeOf sends a BYE with this CSeq, and once more with credentials if the trunk demands
// them. It reports whether the trunk has answered. Any answer means that the call is over.
func (c *Carrier) byeOf(ctx context.Context, d *Dialog, cseq uint32, auth *login) bool {
	for try := range uint32(2) {
		var header []string
		if h := auth.header("BYE", d.Target); h != "" {
			header = append(header, h)
		}
		_, tx, err := c.net.begin(ctx, d, message{method: "BYE", cseq: cseq + try, header: header})
		if err != nil {
			return false
		}
		res, err := final(ctx, tx)
		if err != nil {
			return false
		}
		if !auth.challenged(res, true) {
			return true
		}
	}
	return true
}

// bye ends the answered call. Any answer counts as success. Without one, the call is over for
// this side until the peer repeats its 200; see stray.
func (l *call) bye() {
	ctx, cancel := context.WithTimeout(l.c.life, answerWithin)
	defer cancel()
	_, err := l.request(ctx, "BYE", nil, nil)
	l.lost = err != nil
}

// silentFor is how long an answered call lasts at least until it tells of a callee who has
// said nothing. A shorter one gives no time to.
const silentFor = 2 * time.Second

// talk runs the answered call: it acknowledges the answer, plays the flow, and ends the
// call when the flow, the peer, somebody else or a time limit ends it.
func (l *call) talk(res *gosip.Response) {
	if err := l.save(l.c.life); err != nil {
		// Without the record, a crash now would leave the call to the peer to end.
		l.c.opts.Log.Warn("a call goes on without a record of its answer", "error", err)
	}
	unusable := l.media.Answer(res.Body())
	l.acknowledge(res)
	l.settle()
	if unusable != nil {
		l.bye()
		l.end(resultOf(488, 0, errUnusable.Error(), true, nil)) // somebody has picked up
		return
	}
	l.report(func(p *carrier.Progress) {
		p.State, p.Answered = campaign.Answered, l.now()
		if p.Rang.IsZero() {
			p.Rang = p.Answered
		}
	})
	playing, stop := context.WithCancel(l.c.life)
	var run *callflow.Run
	played := make(chan struct{})
	go func() {
		defer close(played)
		if l.press != "" {
			if err := l.media.SendKeys(playing, l.press); playing.Err() == nil {
				l.pressed = err
			}
		}
		run = media.Perform(playing, l.media, &l.order, func(keys string) {
			l.report(func(p *carrier.Progress) { p.Digits = keys })
		})
	}()
	r, ours := l.untilOver(res, played)
	ended := l.now()
	if ended.Sub(l.last().Answered) >= silentFor && l.media.Heard().IsZero() {
		r.text += "; the callee was silent"
	}
	stop()
	<-played
	recorded := l.media.EndRecording()
	if ours {
		l.bye()
	}
	<-recorded
	l.report(func(p *carrier.Progress) {
		p.State, p.Ended = campaign.CallEnded, ended
		p.Outcome, p.Code, p.Cause, p.CauseText = r.outcome, r.code, r.cause, r.text
		p.Digits, p.Mark, p.Suppressed = run.Digits, run.Mark, run.Suppressed
	})
}

// untilOver waits until an answered call is to end. Ours means that this side has to hang
// up.
func (l *call) untilOver(res *gosip.Response, played <-chan struct{}) (r result, ours bool) {
	longest := time.NewTimer(l.c.opts.Longest)
	defer longest.Stop()
	s := newSession(l, res)
	defer s.close()
	reached := func(cause int, text string) result { return result{campaign.Reached, 200, cause, text} }
	for {
		select {
		case b := <-l.ended:
			if b.cause == 0 {
				b.cause = 16
			}
			if b.text == "" {
				b.text = "Normal call clearing"
			}
			return reached(b.cause, b.text), false
		case <-played:
			return reached(16, "Normal call clearing"), true
		case <-l.asked:
			return reached(16, "Hung up"), true
		case <-longest.C:
			return reached(16, "The longest time of a call was over"), true
		case <-l.media.Lost():
			return reached(16, "No sound came from the callee any more"), true
		case <-s.gone:
			return reached(16, "The callee was gone"), true
		case <-s.due():
			s.refresh()
		case i := <-l.fresh:
			s.renew(i)
		case <-l.c.life.Done():
			return reached(16, "Hung up"), true
		}
	}
}

// last returns what was last reported of the call.
func (l *call) last() carrier.Progress {
	l.told.Lock()
	defer l.told.Unlock()
	return l.progress
}
