package sip

import (
	"context"

	gosip "github.com/emiago/sipgo/sip"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
)

// stray takes an answer that no transaction takes: the peer repeats it, or it answers an
// INVITE that was given up, perhaps by an earlier process. Stray acknowledges every final
// answer, and hangs up a telephone that was picked up.
func (c *Carrier) stray(res *gosip.Response) {
	sid, ours := sidOf(res)
	if !ours || res.CSeq().MethodName != gosip.INVITE || res.IsProvisional() {
		return
	}
	c.mu.Lock()
	l, p := c.calls[sid], c.answering(sid)
	c.mu.Unlock()
	cseq := res.CSeq().SeqNo
	switch {
	case l != nil:
		l.again(res, cseq)
		return
	case p == nil:
		return
	}
	d, err := parseDialog(p.record)
	if err != nil || tag(res.From().Params) != tagOf(d.From) {
		return
	}
	switch {
	case res.IsSuccess():
		// The answer of a call that was hung up comes again if the ACK was lost.
		again := p.hungUp && d.Answered && tag(res.To().Params) == tagOf(d.To)
		if !again && p.forks.Add(1) > maxForks {
			return
		}
		f := c.reached(d.fork(res, cseq), d.Dest)
		f.CSeq = max(f.CSeq, d.CSeq) // it may be the same telephone, and not the first BYE
		c.ack(&f, cseq, p.proof)
		if !again {
			c.endFork(&f, c.loginOf(&d))
		}
	case !d.Answered && cseq >= d.CSeq:
		d.To = res.To().Value()
		_ = c.net.write(&d, message{method: "ACK", cseq: cseq, branch: d.via(cseq - d.CSeq)}) // the peer repeats its answer
	}
}

// answering returns what it takes to answer for a call that is not in flight, or nil. The
// caller must hold mu.
func (c *Carrier) answering(sid addressbook.SID) *late {
	if p := c.ghosts[sid]; p != nil {
		return p
	}
	p, _ := c.lates.get(sid)
	return p
}

// mine reports whether an answer to an INVITE may belong to the call whose Call-ID it has:
// the call is known, and the answer has the tag of this side and, before the call was
// answered, the number of the last INVITE or of one before.
func (c *Carrier) mine(res *gosip.Response) bool {
	sid, ours := sidOf(res)
	c.mu.Lock()
	l := c.calls[sid]
	p := c.answering(sid)
	_, over := c.ends.get(sid)
	c.mu.Unlock()
	if !ours || l == nil {
		if ours && p == nil && res.IsSuccess() {
			c.recall(sid)
		}
		return ours && (p != nil || over)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return tag(res.From().Params) == l.localTag && (l.dialog.Answered || res.CSeq().SeqNo <= l.open)
}

// maxRecalls bounds the calls whose records are read at the same time because somebody has
// picked up the telephone.
const maxRecalls = 16

// recall reads the record of a call that this process does not know, or not any more,
// although its telephone was picked up: two processes may have been killed one after the
// other, the second just after it had cancelled the call. The telephone repeats its answer,
// and then the record is there, so that the telephone is hung up.
func (c *Carrier) recall(sid addressbook.SID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down || c.life == nil || c.recalls >= maxRecalls {
		return
	}
	c.recalls++
	life := c.life
	c.working.Go(func() {
		ctx, cancel := context.WithTimeout(life, answerWithin)
		defer cancel()
		records, err := c.opts.Dialogs.Dialogs(ctx, []addressbook.SID{sid})
		if err != nil && life.Err() == nil {
			c.opts.Log.Warn("the record of a call of an earlier process cannot be read; it will be tried again", "call", sid, "error", err)
		}
		d, err := parseDialog(records[sid])
		c.mu.Lock()
		defer c.mu.Unlock()
		c.recalls--
		if err != nil || c.calls[sid] != nil || c.answering(sid) != nil {
			return
		}
		end, known := c.ends.get(sid)
		if !known {
			end = carrier.Progress{Call: sid, State: campaign.Dialed}
		}
		c.remember(sid, end, newLate(d, "", false))
	})
}

// tagOf returns the tag in the value of a From header.
func tagOf(from string) string {
	var uri gosip.Uri
	var params gosip.HeaderParams
	if _, err := gosip.ParseAddressValue(from, &uri, &params); err != nil {
		return ""
	}
	return tag(params)
}
