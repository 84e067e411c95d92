package sip

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
)

const (
	// keepPast is how long the end of a call is known, and its record stored: until whoever
	// records the end has certainly done so.
	keepPast = 5 * time.Minute
	// keepLate is how long a message that comes after the end of a call is answered from
	// memory. It exceeds the time in which peers repeat an answer (64 times T1, 32 s).
	keepLate = 40 * time.Second
	// maxPast bounds the calls whose ends are known, and those that are answered for. Half of
	// them are of one generation; see [kept]. So ends are known for keepPast up to 166 calls a
	// second, and calls are answered for during keepLate up to 1,250. When there are more, the
	// oldest are forgotten: if somebody picks up the telephone of such a call, its record
	// tells how to hang up, and Resolve answers that its outcome is unknown.
	maxPast = 100_000
	// maxDrops bounds the records that wait for their end. When there are more, the oldest
	// stay stored until dropOld drops them.
	maxDrops = 500_000
	// maxLate bounds what is kept to answer for a call, in bytes. If a peer makes that longer,
	// for example by its tag, its messages after the end get no answer.
	maxLate = 2 << 10
	// maxDrop is how many records one transaction drops.
	maxDrop = 500
)

// late is what it takes to answer a message that comes after the end of its call. An answer
// of another telephone that was called, or one that is repeated, names its route itself.
type late struct {
	record []byte       // the dialog without its routes, or nil if that is too long
	proof  string       // the credentials of the INVITE, as a header line, or ""
	hungUp bool         // the callee has confirmed the end
	forks  atomic.Int32 // answers that led to a BYE
}

// newLate returns what to keep of a dialog.
func newLate(d Dialog, proof string, hungUp bool) *late {
	d.Routes, d.End = nil, nil
	record := d.encode()
	if len(record)+len(proof) > maxLate {
		return &late{}
	}
	return &late{record: record, proof: proof, hungUp: hungUp}
}

// drop is a record that is to be dropped.
type drop struct {
	call addressbook.SID
	at   time.Duration // since the carrier was made; it has no pointer, unlike a time
}

// forget removes a call that has ended. Its record stays for keepPast, so that the next
// process finds it if this one ends before.
func (c *Carrier) forget(l *call, end carrier.Progress) {
	p := newLate(l.record(), l.auth.last(), end.State == campaign.CallEnded && !l.lost)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, l.order.Call)
	c.remember(l.order.Call, end, p)
}

// remember keeps the end of a call, the zero Progress if it has not left, and what it takes
// to answer for it, if that is not nil. Its record is dropped some minutes later. The caller
// must hold mu.
func (c *Carrier) remember(call addressbook.SID, end carrier.Progress, l *late) {
	now := time.Now()
	c.ends.put(call, end, now)
	if l != nil {
		c.lates.put(call, l, now)
	}
	if len(c.drops) == maxDrops {
		c.drops = c.drops[1:]
	}
	c.drops = append(c.drops, drop{call, now.Add(keepPast).Sub(c.made)})
}

// unremember is for a call that has not left before, and now has a record to keep. The
// caller must hold mu.
func (c *Carrier) unremember(call addressbook.SID) {
	if _, known := c.ends.get(call); !known {
		return
	}
	c.ends.remove(call)
	c.lates.remove(call)
	c.drops = slices.DeleteFunc(c.drops, func(d drop) bool { return d.call == call })
}

// dropAll drops the records of past calls, until ctx ends.
func (c *Carrier) dropAll(ctx context.Context) {
	tick := time.NewTicker(keepPast / 20)
	defer tick.Stop()
	var swept time.Time
	for {
		if now := time.Now(); now.Sub(swept) >= keepOld && c.dropOld(ctx) {
			swept = now
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for {
			due := c.takeDrops(time.Now())
			if len(due) == 0 {
				break
			}
			over := make([]addressbook.SID, len(due))
			for i, d := range due {
				over[i] = d.call
			}
			if err := c.opts.Dialogs.DropDialogs(ctx, over); err != nil {
				c.mu.Lock()
				c.drops = append(due, c.drops...)
				c.mu.Unlock()
				if ctx.Err() == nil {
					c.opts.Log.Warn("records of calls that are over could not be dropped; it will be tried again", "error", err)
				}
				break
			}
		}
	}
}

// takeDrops takes some of the records that are to be dropped by now. It also forgets the
// calls that ended long ago.
func (c *Carrier) takeDrops(now time.Time) (due []drop) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends.age(now)
	c.lates.age(now)
	n := 0
	for n < min(len(c.drops), maxDrop) && c.drops[n].at <= now.Sub(c.made) {
		n++
	}
	due = slices.Clone(c.drops[:n])
	c.drops = c.drops[n:]
	return due
}

// keepOld is how long the record of a call of an earlier process stays that nobody has asked
// about, because the end of the call was stored before that process stopped.
const keepOld = time.Hour

// dropOld drops such records, and reports whether all are gone.
func (c *Carrier) dropOld(ctx context.Context) bool {
	for {
		more, err := c.opts.Dialogs.DropOldDialogs(ctx, c.opts.Clock.Now().Add(-keepOld), maxDrop)
		if err != nil && ctx.Err() == nil {
			c.opts.Log.Warn("records of calls of earlier processes could not be dropped; it will be tried again", "error", err)
		}
		if err != nil || !more {
			return err == nil
		}
	}
}

// failedCall returns the end of a call that failed before it left.
func failedCall(sid addressbook.SID, at time.Time, cause int, text string) carrier.Progress {
	return carrier.Progress{
		Call: sid, State: campaign.CallEnded, Placed: at, Ended: at, Outcome: campaign.CallFailed, Cause: cause, CauseText: text,
	}
}
