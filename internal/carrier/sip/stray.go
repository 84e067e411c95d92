package sip

import (
	"cmp"
	"context"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
)

// stray takes an answer that no transaction takes: one that the peer repeats, or one to an
// INVITE of an earlier process or one that was given up. It acknowledges every final
// answer, and hangs up a telephone that was picked up.
func (c *Carrier) stray(res *gosip.Response) {
	sid, ours := sidOf(res)
	if !ours || res.CSeq().MethodName != gosip.INVITE || res.IsProvisional() {
		return
	}
	c.mu.Lock()
	l := c.calls[sid]
	all := c.ghosts
	p, known := all[sid]
	if !known {
		all = c.past
		p = all[sid]
	}
	d := p.about
	known = d.CallID != "" && tag(res.From().Params) == tagOf(d.From)
	// The answer of a call that was hung up comes again if the ACK was lost.
	hungUp := p.end.State == campaign.CallEnded && d.Answered && tag(res.To().Params) == tagOf(d.To) && !p.lost
	if known && res.IsSuccess() && !hungUp {
		p.forks++
		all[sid] = p
	}
	c.mu.Unlock()
	cseq := res.CSeq().SeqNo
	switch {
	case l != nil:
		l.again(res, cseq)
	case !known || p.forks > maxForks:
	case res.IsSuccess():
		f, auth := c.reached(d.fork(res, cseq), d.Dest), cmp.Or(p.auth, c.loginOf(&d))
		f.CSeq = max(f.CSeq, d.CSeq) // it may be the same telephone, and not the first BYE
		c.ack(&f, cseq, auth)
		if !hungUp {
			c.endFork(&f, auth)
		}
	case !d.Answered && cseq >= d.CSeq:
		d.To = res.To().Value()
		_ = c.net.write(&d, message{method: "ACK", cseq: cseq, branch: d.via(cseq - d.CSeq)}) // the peer repeats its answer
	}
}

// mine reports whether an answer to an INVITE may belong to the call whose Call-ID it has:
// the call is known, and the answer has the tag of this side and, before the call was
// answered, the number of the last INVITE or of one before.
func (c *Carrier) mine(res *gosip.Response) bool {
	sid, ours := sidOf(res)
	c.mu.Lock()
	l := c.calls[sid]
	_, ghost := c.ghosts[sid]
	_, over := c.past[sid]
	c.mu.Unlock()
	if !ours || l == nil {
		if ours && !ghost && !over && res.IsSuccess() {
			c.recall(sid)
		}
		return ours && (ghost || over)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return tag(res.From().Params) == l.localTag && (l.dialog.Answered || res.CSeq().SeqNo <= l.open)
}

// maxRecalls bounds the calls whose records are read at the same time because somebody has
// picked up the telephone.
const maxRecalls = 16

// recall reads the record of a call that this process does not know although its telephone
// was picked up: two processes may have been killed one after the other, the second just
// after it had cancelled the call. The telephone repeats its answer, and then the record
// is there, so that the telephone is hung up.
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
		if _, known := c.past[sid]; err == nil && !known && c.calls[sid] == nil {
			c.past[sid] = past{end: carrier.Progress{Call: sid, State: campaign.Dialed}, until: time.Now().Add(keepPast), about: d}
		}
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
