package sip

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"callbook/internal/trunk"
)

// request answers a request of a trunk. It takes only those that belong to a call, and
// OPTIONS, with which trunks ask whether this side is there.
func (c *Carrier) request(req *gosip.Request, tx gosip.ServerTransaction) {
	sid, ours := sidOf(req)
	c.mu.Lock()
	l := c.calls[sid]
	c.mu.Unlock()
	switch {
	case ours && l != nil && tag(req.To().Params) != "":
		l.incoming(req, tx)
	case req.IsAck():
	case req.Method == gosip.OPTIONS && tag(req.To().Params) == "":
		c.answer(req, tx, gosip.StatusOK, "OK", []string{"Allow", allowed}, nil)
	case tag(req.To().Params) != "":
		c.answer(req, tx, gosip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist", nil, nil)
	}
	// Calls from outside and everything else get no answer.
}

// answer answers a request, and returns the answer. Header has names and values in turn.
func (c *Carrier) answer(req *gosip.Request, tx gosip.ServerTransaction, code int, reason string, header []string, body []byte) *gosip.Response {
	res := gosip.NewResponseFromRequest(req, code, reason, body)
	for i := 0; i+1 < len(header); i += 2 {
		res.AppendHeader(gosip.NewHeader(header[i], header[i+1]))
	}
	if len(body) > 0 {
		res.AppendHeader(gosip.NewHeader("Content-Type", "application/sdp"))
	}
	c.net.observe.see(true, req.CallID().Value(), func() fmt.Stringer { return res })
	_ = tx.Respond(res) // the peer repeats a request that gets no answer
	return res
}

// settleWithin is how long a request waits for the answer of its call to be handled.
const settleWithin = 2 * time.Second

// early answers an UPDATE that comes before the answer of the call, and reports whether the
// request is one. Some PBXs send it while the telephone rings, to show another name. It may
// have no offer, because that of the INVITE has no answer yet (RFC 3311, section 5.2).
func (l *call) early(req *gosip.Request, tx gosip.ServerTransaction) bool {
	d := l.record()
	switch {
	case d.Answered || req.Method != gosip.UPDATE || tag(req.To().Params) != l.localTag:
		return false
	case len(req.Body()) > 0:
		l.c.answer(req, tx, gosip.StatusRequestPending, "Request Pending", nil, nil)
	default:
		l.c.answer(req, tx, gosip.StatusOK, "OK", []string{"Contact", d.contact(), "Allow", allowed}, nil)
	}
	return true
}

// incoming answers a request of the call's peer.
func (l *call) incoming(req *gosip.Request, tx gosip.ServerTransaction) {
	if l.early(req, tx) {
		return
	}
	select {
	case <-l.settled:
	case <-l.done:
	case <-time.After(settleWithin):
	}
	l.mu.Lock()
	right := l.dialog.Answered && tag(req.From().Params) == l.peerTag && tag(req.To().Params) == l.localTag
	cseq := int64(req.CSeq().SeqNo)
	stale := cseq <= l.peerCSeq && !req.IsAck()
	if right && !stale && !req.IsAck() {
		l.peerCSeq = cseq
	}
	l.mu.Unlock()
	switch {
	case req.IsAck():
		if right {
			l.confirmed(req)
		}
	case !right:
		l.c.answer(req, tx, gosip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist", nil, nil)
	case stale:
		l.c.answer(req, tx, gosip.StatusInternalServerError, "Out of Order", nil, nil)
	case req.Method == gosip.BYE:
		cause, text := reasonOf(req)
		select {
		case l.ended <- bye{cause, text}:
		default:
		}
		l.c.answer(req, tx, gosip.StatusOK, "OK", nil, nil)
	case req.IsInvite():
		l.reinvited(req, tx)
	case req.Method == gosip.UPDATE:
		l.updated(req, tx)
	case req.Method == gosip.INFO:
		l.informed(req, tx)
	case req.Method == gosip.OPTIONS:
		l.c.answer(req, tx, gosip.StatusOK, "OK", []string{"Allow", allowed}, nil)
	default:
		l.c.answer(req, tx, gosip.StatusMethodNotAllowed, "Method Not Allowed", []string{"Allow", allowed}, nil)
	}
}

// reinvited answers a re-INVITE: hold, resume, another address, a refresh, or a question
// for an offer, whose answer then comes with the ACK.
func (l *call) reinvited(req *gosip.Request, tx gosip.ServerTransaction) {
	if l.inviting.Load() { // both sides at once (RFC 3261, section 14.2)
		l.c.answer(req, tx, gosip.StatusRequestPending, "Request Pending", nil, nil)
		return
	}
	header := append([]string{"Contact", l.contact(), "Allow", allowed}, l.refreshed(req)...)
	if len(req.Body()) == 0 {
		l.mu.Lock()
		l.offered = true
		l.mu.Unlock()
		l.accept(req, tx, header, l.media.Offer())
		return
	}
	sdp, err := l.media.Reoffer(req.Body())
	if err != nil {
		l.c.answer(req, tx, gosip.StatusNotAcceptableHere, "Not Acceptable Here", nil, nil)
		return
	}
	l.retarget(req.Contact())
	l.accept(req, tx, header, sdp)
}

// accept answers a re-INVITE with 200, and repeats the answer until the ACK comes (RFC
// 3261, section 13.3.1.4). The library repeats other answers, but not this one, and does
// not pass on the INVITE that the peer repeats meanwhile.
func (l *call) accept(req *gosip.Request, tx gosip.ServerTransaction, header []string, sdp []byte) {
	confirmed := make(chan struct{})
	l.mu.Lock()
	if l.confirm != nil {
		l.confirm() // nobody waits for the answer to an earlier one
	}
	l.accepted, l.confirm = req.CSeq().SeqNo, sync.OnceFunc(func() { close(confirmed) })
	l.mu.Unlock()
	res := l.c.answer(req, tx, gosip.StatusOK, "OK", header, sdp)
	for wait := gosip.T1; ; wait = min(2*wait, gosip.T2) {
		select {
		case <-time.After(wait):
			_ = tx.Respond(res)
		case <-confirmed:
			return
		case <-tx.Done(): // after 32 seconds
			return
		case <-l.done:
			return
		}
	}
}

// updated answers an UPDATE (RFC 3311), with or without a new offer.
func (l *call) updated(req *gosip.Request, tx gosip.ServerTransaction) {
	var sdp []byte
	if len(req.Body()) > 0 {
		if l.inviting.Load() { // an offer of this side has no answer yet (RFC 3311, section 5.2)
			l.c.answer(req, tx, gosip.StatusRequestPending, "Request Pending", nil, nil)
			return
		}
		var err error
		if sdp, err = l.media.Reoffer(req.Body()); err != nil {
			l.c.answer(req, tx, gosip.StatusNotAcceptableHere, "Not Acceptable Here", nil, nil)
			return
		}
	}
	l.retarget(req.Contact())
	l.c.answer(req, tx, gosip.StatusOK, "OK", append([]string{"Contact", l.contact(), "Allow", allowed}, l.refreshed(req)...), sdp)
}

// confirmed takes the ACK of the peer, which has the answer to an offer in our 200.
func (l *call) confirmed(req *gosip.Request) {
	l.mu.Lock()
	offered := l.offered
	l.offered = false
	if req.CSeq().SeqNo == l.accepted && l.confirm != nil {
		l.confirm()
	}
	l.mu.Unlock()
	if offered && len(req.Body()) > 0 {
		if err := l.media.Answer(req.Body()); err != nil {
			l.hangUp()
		}
	}
}

// contact returns the value of this side's Contact header.
func (l *call) contact() string {
	d := l.record()
	return d.contact()
}

// retarget sends later requests to the Contact of a message of the peer, also those of the
// next process.
func (l *call) retarget(contact *gosip.ContactHeader) {
	d := l.record()
	if contact == nil || contact.Address.Wildcard || contact.Address.String() == d.Target {
		return
	}
	moves := len(d.Routes) == 0 && d.Transport == trunk.UDP && !d.Symmetric
	if moves {
		before := d.Dest
		d.Dest = hostPort(&contact.Address)
		d = l.c.reached(d, before)
	}
	if !l.move(contact.Address.String(), d.Dest) {
		return
	}
	if err := l.save(l.c.life); err != nil {
		l.c.opts.Log.Warn("a call goes on without a record of where its callee is reached now", "error", err)
	}
}

// move changes the target and the next hop of later requests. It reports false if the call is
// over.
func (l *call) move(target, dest string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left {
		return false
	}
	before := l.leaveHop
	l.dialog.Target, l.dialog.Dest = target, dest
	l.leaveHop = l.c.lines.hop(l.dialog.hop())
	before()
	return true
}

// refreshed notes that the peer has refreshed the session, and returns the headers that
// the answer needs (RFC 4028, section 9).
func (l *call) refreshed(req *gosip.Request) []string {
	i := expires(req, "uas")
	select {
	case l.fresh <- i:
	default:
	}
	if i.length == 0 {
		return nil
	}
	who := "uac"
	if i.ours {
		who = "uas"
	}
	header := []string{"Session-Expires", strconv.Itoa(int(i.length/time.Second)) + ";refresher=" + who}
	if !i.ours || timed(req) {
		header = append(header, "Require", "timer")
	}
	return header
}
