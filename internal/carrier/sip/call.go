package sip

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip/media"
)

// call is a call in flight. One goroutine runs it; others answer the peer's requests.
type call struct {
	c        *Carrier
	order    carrier.Order
	line     *line
	hosts    []*host // to try; the first has the INVITE
	callerID string
	press    string // the keys to press after the answer
	test     bool   // a test call, of which Run does not tell
	media    *media.Session
	localTag string
	begun    time.Time // before the first INVITE

	asked chan struct{} // closed when the call is to end
	once  sync.Once
	ended chan bye      // the peer's BYE
	fresh chan interval // the peer has refreshed the session
	done  chan struct{} // closed when the call is over

	// The goroutine of the call alone uses these.
	ctx      context.Context // of CANCELs; it ends with the call, and is nil before the first
	stop     context.CancelFunc
	cancels  sync.WaitGroup
	tx       gosip.ClientTransaction
	invite   *gosip.Request // the last INVITE
	invites  uint32         // to this host
	auth     *login
	proved   bool     // an INVITE had credentials
	interval []string // the header lines of a session interval that the trunk demands
	pressed  error    // why the keys could not be pressed
	lost     bool     // the BYE got no answer

	// saving is locked while the record is stored, so that a newer record replaces an older one.
	saving sync.Mutex
	// sending is locked while a request gets its number and leaves, so that requests leave
	// in the order of their numbers.
	sending  sync.Mutex
	inviting atomic.Bool // a re-INVITE of this side has no answer yet

	mu       sync.Mutex
	dialog   Dialog
	stored   uint32        // CSeq of the record
	peerTag  string        // of the first 2xx
	ackCSeq  uint32        // of the INVITE that was answered
	acked    bool          // the ACK has left once
	peerCSeq int64         // of the peer's last request; -1 before the first
	offered  bool          // a 200 to a re-INVITE has an offer of ours
	accepted uint32        // CSeq of the peer's last re-INVITE that got a 200
	confirm  func()        // called when the ACK for that 200 has come
	forks    int           // answers that were not the first
	open     uint32        // CSeq of the INVITE without a final answer
	settled  chan struct{} // closed when the call was answered or is over
	leaveHop func()
	left     bool // leaveHop was called for the last time

	told     sync.Mutex
	progress carrier.Progress
	over     bool // the end was told
}

// bye is the peer's BYE.
type bye struct {
	cause int
	text  string
}

func newCall(c *Carrier, o carrier.Order, w way, s *media.Session) *call {
	l := &call{
		c: c, order: o, line: w.line, hosts: w.hosts, callerID: w.callerID, press: w.keys, test: w.test, media: s, localTag: newTag(), begun: time.Now(),
		asked: make(chan struct{}), ended: make(chan bye, 1), fresh: make(chan interval, 1), done: make(chan struct{}), settled: make(chan struct{}),
		leaveHop: func() {}, peerCSeq: -1,
		progress: carrier.Progress{Call: o.Call, State: campaign.Dialed, Placed: c.opts.Clock.Now()},
		auth:     &login{user: w.line.trunk.User, password: w.line.trunk.Password},
	}
	return l
}

// record returns a copy of the dialog.
func (l *call) record() Dialog {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dialog
}

// hangUp asks the call to end. It may be called more than once.
func (l *call) hangUp() { l.once.Do(func() { close(l.asked) }) }

// now returns the present time by the clock of calls.
func (l *call) now() time.Time { return l.c.opts.Clock.Now() }

// report changes the progress of the call and tells it, unless the end was told.
func (l *call) report(change func(p *carrier.Progress)) {
	l.told.Lock()
	defer l.told.Unlock()
	if l.over {
		return
	}
	before := l.progress
	change(&l.progress)
	if l.progress.Beyond(&before) {
		l.over = l.progress.State == campaign.CallEnded
		if !l.test {
			l.c.tell(l.progress)
		}
	}
}

// end reports the end of the call.
func (l *call) end(r result) {
	l.report(func(p *carrier.Progress) {
		p.State, p.Ended = campaign.CallEnded, l.now()
		p.Outcome, p.Code, p.Cause, p.CauseText = r.outcome, r.code, r.cause, r.text
	})
}

// rung reports whether the telephone has rung.
func (l *call) rung() bool {
	l.told.Lock()
	defer l.told.Unlock()
	return !l.progress.Rang.IsZero()
}

// ringing notes that the telephone rings.
func (l *call) ringing() {
	l.report(func(p *carrier.Progress) {
		if p.State < campaign.Ringing {
			p.State, p.Rang = campaign.Ringing, l.now()
		}
	})
}

// saveWithin bounds how long a record may take to be stored.
const saveWithin = 2 * time.Second

// errRecord is the error of a call whose record could not be stored or read. The error of the
// database behind it is for the log only.
var errRecord = errors.New("the record of the call could not be stored")

// save stores the record of the call.
func (l *call) save(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, saveWithin)
	defer cancel()
	l.saving.Lock()
	defer l.saving.Unlock()
	d := l.record()
	if err := l.c.opts.Dialogs.SaveDialog(ctx, l.order.Call, d.encode()); err != nil {
		return fmt.Errorf("%w: %w", errRecord, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stored = d.CSeq
	return nil
}

// add stores the first record of the call. The error is [errFenced] if the call has been
// given up meanwhile, and [carrier.ErrTwice] if it was placed by an earlier process.
func (l *call) add(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, saveWithin)
	defer cancel()
	d, sid := l.record(), []addressbook.SID{l.order.Call}
	added, err := l.c.opts.Dialogs.AddDialogs(ctx, sid, d.encode())
	if err != nil {
		return fmt.Errorf("%w: %w", errRecord, err)
	}
	if len(added) > 0 {
		return nil
	}
	records, err := l.c.opts.Dialogs.Dialogs(ctx, sid)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errRecord, err)
	case isFence(records[l.order.Call]):
		return errFenced
	}
	return carrier.ErrTwice
}

// leave sends the first INVITE, to the first host that takes it. After an error other than
// [carrier.ErrTwice], the call has not left.
func (l *call) leave(ctx context.Context) (err error) {
	save := l.add
	for ; len(l.hosts) > 0; l.hosts = l.hosts[1:] {
		l.address(l.hosts[0])
		if err := save(ctx); err != nil {
			return err
		}
		save = l.save
		if err := l.line.load.lapsed(time.Now()); err != nil {
			return err // the record took too long
		}
		if err = l.sendInvite(ctx); err == nil {
			return nil
		}
		l.line.missed(l.hosts[0], time.Now(), err)
	}
	return fmt.Errorf("the trunk cannot be reached: %w", err)
}

// address begins the dialog with a host of the trunk.
func (l *call) address(h *host) {
	t := &l.line.trunk
	domain := hostOf(t)
	uri := "sip:" + written(l.order.To, t.Format) + "@" + domain
	from := "<sip:" + l.callerID + "@" + domain + ">;tag=" + l.localTag
	to := "<" + uri + ">"
	l.mu.Lock()
	defer l.mu.Unlock()
	l.invites = 0
	l.dialog = Dialog{
		Trunk: t.Name, Transport: t.Transport, Domain: t.Host, Symmetric: t.Symmetric, CallID: callIDOf(l.order.Call), From: from, To: to,
		Target: uri + paramOf(t), Dest: h.dest, CSeq: max(1, l.dialog.CSeq+maxInvites), SentBy: h.local, Branch: newBranch(),
	}
}

// sendInvite sends the next INVITE.
func (l *call) sendInvite(ctx context.Context) error {
	l.mu.Lock()
	d := l.dialog
	cseq := d.CSeq + l.invites
	l.open = cseq
	l.mu.Unlock()
	header := l.interval
	if h := l.auth.header("INVITE", d.Target); h != "" {
		header = append([]string{h}, l.interval...)
	}
	req, tx, err := l.c.net.begin(ctx, &d, message{method: "INVITE", cseq: cseq, branch: d.via(l.invites), header: header, body: l.media.Offer()})
	if err != nil {
		return err
	}
	tx.OnRetransmission(l.c.net.asking.stray) // not a method of the call, which the library would keep
	l.tx, l.invite = tx, req
	l.invites++
	return nil
}
