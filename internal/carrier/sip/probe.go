package sip

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// probeWithin is how long a host may take to answer OPTIONS.
	probeWithin = 4 * time.Second
	// maxMissed is how many OPTIONS in a row a host may miss before it counts as down.
	maxMissed = 2
	// hurry is how much more often a host is asked after it has missed an OPTIONS.
	hurry = 6
)

// watch sends OPTIONS to the hosts of a trunk again and again, until ctx ends. The messages
// also keep the way through a NAT open.
func (c *Carrier) watch(ctx context.Context, l *line) {
	looked := time.Now()
	for first := true; ; first = false {
		var missed atomic.Bool
		var all sync.WaitGroup
		for _, h := range l.all() {
			all.Go(func() {
				if !c.probe(ctx, l, h) {
					missed.Store(true)
				}
			})
		}
		all.Wait()
		soon := missed.Load()
		if first {
			close(l.probed)
		}
		wait := c.opts.Probe
		if soon {
			wait = max(wait/hurry, 100*time.Millisecond)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if since := time.Since(looked); since > lookUpEvery || soon && since > lookUpEvery/hurry {
			c.lookUp(ctx, l)
			looked = time.Now()
		}
	}
}

// all returns the hosts of a line.
func (l *line) all() []*host {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hosts
}

// probe sends OPTIONS to a host, and reports whether it has answered.
func (c *Carrier) probe(ctx context.Context, l *line, h *host) bool {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	domain := hostOf(&l.trunk)
	d := Dialog{
		Transport: l.trunk.Transport, Domain: l.trunk.Host, CallID: newTag() + "@callbook", From: "<sip:callbook@" + domain + ">;tag=" + newTag(),
		To: "<sip:" + domain + ">", Target: "sip:" + domain + paramOf(&l.trunk), Dest: h.dest, SentBy: h.local,
	}
	begun := time.Now()
	_, tx, err := c.net.begin(ctx, &d, message{method: "OPTIONS", cseq: 1, header: []string{"Contact: " + d.contact(), "Accept: application/sdp"}})
	if err == nil {
		res, e := final(ctx, tx)
		if err = e; err == nil {
			l.answered(h, time.Since(begun), res.StatusCode)
			return true
		}
	}
	if ctx.Err() == nil || ctx.Err() == context.DeadlineExceeded {
		l.missed(h, time.Now(), err)
		if err == errSilent && l.silenced(h) {
			c.net.drop(&d) // the way that the connection took may be closed
		}
	}
	return false
}

// silenced reports whether a host that has answered OPTIONS before has stopped to.
func (l *line) silenced(h *host) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return h.answered && h.missed >= maxMissed
}

// answered notes that a host has answered OPTIONS. Any answer shows that it is there,
// except that it cannot serve.
func (l *line) answered(h *host, trip time.Duration, code int) {
	const unavailable = 503
	l.mu.Lock()
	defer l.mu.Unlock()
	h.answered, h.missed, h.trip = true, 0, trip
	down := ""
	if code == unavailable {
		down = fmt.Sprintf("it answers %d to OPTIONS", code)
	}
	l.mark(h, down)
	if down == "" {
		for _, k := range l.hosts {
			if !k.answered && k.missed > 0 {
				l.mark(k, unlikeOthers)
			}
		}
		l.proven = true
		if l.why == givesNoAnswer {
			l.pause = time.Time{} // the next call decides
		}
	}
}

// missed notes that a host has not answered OPTIONS, or that a message could not be sent
// to it. Some trunks never answer OPTIONS; they are judged by calls alone.
func (l *line) missed(h *host, now time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.missed++
	switch {
	case err != errSilent:
		l.mark(h, "it cannot be reached: "+err.Error())
	case h.answered && h.missed >= maxMissed:
		l.mark(h, "it does not answer OPTIONS any more")
	case !h.answered && slices.ContainsFunc(l.hosts, func(k *host) bool { return k.answered && k.down == "" }):
		l.mark(h, unlikeOthers)
	case !h.answered:
		l.mark(h, "")
	}
}

// unlikeOthers is why a host is down that has never answered, while others of the same
// trunk have.
const unlikeOthers = "it does not answer OPTIONS, as others of the trunk do"

// mark sets why a host is down, or "". A host that has given no answer to a call stays down
// for a while, even if it answers OPTIONS. The caller must hold mu.
func (l *line) mark(h *host, down string) {
	if down == "" && h.down == givesNoAnswer && time.Since(h.since) < downFor {
		return
	}
	if (h.down == "") != (down == "") {
		h.since = time.Now()
	}
	h.down = down
}
