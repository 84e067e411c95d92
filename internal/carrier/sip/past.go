package sip

import (
	"context"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
)

// past is a call that has ended. Its record is dropped some minutes after that, so that
// the end is certainly stored elsewhere before.
type past struct {
	end   carrier.Progress // the zero Progress if the call has not left
	until time.Time
	about Dialog
	auth  *login // nil without a challenge
	lost  bool   // the BYE got no answer
	forks int    // answers that led to a BYE
}

// keepPast is how long a call that has ended is known. It exceeds the time in which a
// peer may repeat its answers, and gives whoever records the end time to do so.
const keepPast = 5 * time.Minute

// forget removes a call that has ended. If it was given up because Run ends, its record
// stays, and the next process ends it again.
func (c *Carrier) forget(l *call, end carrier.Progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, l.order.Call)
	p := past{end: end, until: time.Now().Add(keepPast), about: l.record(), lost: l.lost}
	if l.auth.last() != "" {
		p.auth = l.auth
	}
	c.past[l.order.Call] = p
}

// maxDrop is how many records one transaction drops.
const maxDrop = 500

// dropAll drops the records of past calls, until ctx ends.
func (c *Carrier) dropAll(ctx context.Context) {
	tick := time.NewTicker(keepPast / 20)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for {
			var over []addressbook.SID
			now := time.Now()
			c.mu.Lock()
			for sid, p := range c.past {
				if now.After(p.until) && len(over) < maxDrop {
					over = append(over, sid)
				}
			}
			c.mu.Unlock()
			if len(over) == 0 {
				break
			}
			if err := c.opts.Dialogs.DropDialogs(ctx, over); err != nil {
				if ctx.Err() == nil {
					c.opts.Log.Warn("records of calls that are over could not be dropped; it will be tried again", "error", err)
				}
				break
			}
			c.mu.Lock()
			for _, sid := range over {
				delete(c.past, sid)
			}
			c.mu.Unlock()
		}
	}
}

// failedCall returns the end of a call that failed before it left.
func failedCall(sid addressbook.SID, at time.Time, cause int, text string) carrier.Progress {
	return carrier.Progress{
		Call: sid, State: campaign.CallEnded, Placed: at, Ended: at, Outcome: campaign.CallFailed, Cause: cause, CauseText: text,
	}
}
