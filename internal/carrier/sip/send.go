package sip

import (
	"context"
	"errors"
	"strconv"

	gosip "github.com/emiago/sipgo/sip"
)

// cancel sends a CANCEL for the INVITE (RFC 3261, section 9.1). The INVITE's own answer
// tells what becomes of the call.
func (l *call) cancel() {
	d := l.record()
	last := l.invites - 1
	if l.ctx == nil {
		l.ctx, l.stop = context.WithCancel(l.c.life)
	}
	l.cancels.Go(func() { l.c.cancel(l.ctx, &d, last) })
}

// cancel sends the CANCEL for the nth INVITE of a dialog, even if ctx has ended. It returns
// when that was answered, or ctx ends.
func (c *Carrier) cancel(ctx context.Context, d *Dialog, n uint32) {
	if _, tx, err := c.net.begin(context.WithoutCancel(ctx), d, message{method: "CANCEL", cseq: d.CSeq + n, branch: d.via(n)}); err == nil {
		_, _ = final(ctx, tx)
	}
}

// request sends a request within the dialog, with the next number, and returns the final
// answer. If that demands credentials, the request is sent once more with them.
func (l *call) request(ctx context.Context, method string, header []string, body []byte) (*gosip.Response, error) {
	for try := 0; ; try++ {
		l.sending.Lock()
		l.mu.Lock()
		l.dialog.CSeq++
		d, many := l.dialog, l.dialog.CSeq-l.stored >= skip/2
		l.mu.Unlock()
		if many {
			if err := l.save(ctx); err != nil {
				l.c.opts.Log.Warn("a call goes on without a record of how many requests it has sent; it will be tried again", "error", err)
			}
		}
		lines := header
		if h := l.auth.header(method, d.Target); h != "" {
			lines = append([]string{h}, header...)
		}
		_, tx, err := l.c.net.begin(ctx, &d, message{method: method, cseq: d.CSeq, header: lines, body: body})
		l.sending.Unlock()
		if err != nil {
			return nil, err
		}
		res, err := final(ctx, tx)
		if err != nil {
			return nil, err
		}
		if try > 0 || !l.auth.challenged(res, true) {
			if method != "BYE" && res.IsSuccess() {
				l.retarget(res.Contact())
			}
			if method == "INVITE" {
				now := l.record()
				l.ackOf(&now, res, d.CSeq)
			}
			return res, nil
		}
	}
}

// ackOf sends the ACK for an answer 2xx to an INVITE with a number. It is a transaction of
// its own, with the credentials of the INVITE (RFC 3261, section 13.2.2.4).
func (l *call) ackOf(d *Dialog, res *gosip.Response, cseq uint32) {
	if !res.IsSuccess() {
		return // sipgo has acknowledged it
	}
	l.c.ack(d, cseq, l.auth.last())
}

// ack sends an ACK within a dialog, with credentials, as a header line, if they are not "".
func (c *Carrier) ack(d *Dialog, cseq uint32, proof string) {
	var header []string
	if proof != "" {
		header = append(header, proof)
	}
	if err := c.net.write(d, message{method: "ACK", cseq: cseq, header: header}); err != nil {
		c.opts.Log.Warn("an ACK could not be sent; the trunk repeats its answer", "trunk", d.Trunk, "cseq", strconv.FormatUint(uint64(cseq), 10), "error", err)
	}
}

// errSilent means that there was no answer in time.
var errSilent = errors.New("there is no answer")

// final waits for the final answer of a request other than INVITE.
func final(ctx context.Context, tx gosip.ClientTransaction) (*gosip.Response, error) {
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() && whole(res) {
				_ = tx.Err() // waits until the transaction has set its last timer, which Terminate stops
				return res, nil
			}
		case <-tx.Done():
			return nil, errSilent
		case <-ctx.Done():
			return nil, errSilent
		}
	}
}
