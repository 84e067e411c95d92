package sip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
)

const (
	// skip is how many requests a process may have sent in a call since its record was
	// stored.
	skip = 50
	// recoverWithin is how long Resolve waits for the trunks to confirm that calls are
	// over. Later the endings go on in the background.
	recoverWithin = 3 * time.Second
	// maxEndings bounds the calls of earlier processes that are ended at the same time.
	maxEndings = 64
)

// Resolve implements [carrier.Carrier]. It ends calls of earlier processes, because their
// sound is lost: it sends a CANCEL for a call that rang, and a BYE for a call that was
// answered. Their outcome is unknown. A call without a record has never left, and never will.
func (c *Carrier) Resolve(ctx context.Context, asked []carrier.Asked) ([]carrier.Resolution, error) {
	if err := c.await(ctx); err != nil {
		return nil, err
	}
	answers := make([]carrier.Resolution, len(asked))
	var unknown []addressbook.SID
	at := make(map[addressbook.SID]int)
	for i, a := range asked {
		if r, ok := c.remembered(a.Call); ok {
			answers[i] = r
			continue
		}
		unknown = append(unknown, a.Call)
		at[a.Call] = i
	}
	if len(unknown) == 0 {
		return answers, nil
	}
	records, err := c.fenced(ctx, unknown)
	if err != nil {
		return nil, err
	}
	var gone []addressbook.SID
	var ending []Dialog
	for _, sid := range unknown {
		if isFence(records[sid]) {
			answers[at[sid]] = carrier.Resolution{Fate: carrier.NotSent}
			continue
		}
		answers[at[sid]] = carrier.Resolution{Fate: carrier.Unknown}
		d, err := parseDialog(records[sid])
		if err != nil {
			c.opts.Log.Error("a call of an earlier process cannot be ended", "call", sid, "error", err)
			continue
		}
		if d.End != nil {
			answers[at[sid]] = carrier.Resolution{Fate: carrier.Over, Progress: *d.End}
			continue
		}
		gone = append(gone, sid)
		ending = append(ending, d)
	}
	c.endAll(ctx, gone, ending)
	return answers, nil
}

// fence is the record of a call that has never left and must not leave any more.
var fence = []byte(`{"fence":true}`)

func isFence(record []byte) bool { return bytes.Equal(record, fence) }

// errFenced is why a call does not leave: before it had a record, another process asked what
// became of it, was told that it had never left, and may have placed another call instead.
var errFenced = errors.New("the call was given up before it left")

// fenced returns the records of calls. It gives each call without a record a fence, because
// the process that was about to place the call may only have been slow.
func (c *Carrier) fenced(ctx context.Context, calls []addressbook.SID) (map[addressbook.SID][]byte, error) {
	added, err := c.opts.Dialogs.AddDialogs(ctx, calls, fence)
	if err != nil {
		return nil, fmt.Errorf("fence calls: %w", err)
	}
	c.mu.Lock()
	for _, sid := range added {
		c.remember(sid, carrier.Progress{}, nil)
	}
	c.mu.Unlock()
	records, err := c.opts.Dialogs.Dialogs(ctx, calls)
	if err != nil {
		return nil, fmt.Errorf("read the records of calls: %w", err)
	}
	return records, nil
}

// remembered returns what this process knows of a call.
func (c *Carrier) remembered(sid addressbook.SID) (carrier.Resolution, bool) {
	c.mu.Lock()
	l := c.calls[sid]
	end, known := c.ends.get(sid)
	c.mu.Unlock()
	if l != nil {
		progress := l.last()
		if progress.State == campaign.CallEnded {
			return carrier.Resolution{Fate: carrier.Over, Progress: progress}, true
		}
		return carrier.Resolution{Fate: carrier.InFlight, Progress: progress}, true
	}
	switch {
	case !known:
		return carrier.Resolution{}, false
	case end.State == 0:
		return carrier.Resolution{Fate: carrier.NotSent}, true
	case end.State == campaign.CallEnded:
		return carrier.Resolution{Fate: carrier.Over, Progress: end}, true
	}
	return carrier.Resolution{Fate: carrier.Unknown}, true
}

// endAll ends calls of earlier processes. It waits for their ends, but not longer than
// recoverWithin; the rest is done in the background.
func (c *Carrier) endAll(ctx context.Context, calls []addressbook.SID, dialogs []Dialog) {
	var all sync.WaitGroup
	places := make(chan struct{}, maxEndings)
	c.mu.Lock()
	life := c.life
	if c.down {
		c.mu.Unlock()
		return
	}
	for i, sid := range calls {
		c.ghosts[sid] = newLate(dialogs[i], "", false)
		all.Add(1)
		over := sync.OnceFunc(all.Done)
		c.working.Go(func() {
			defer over()
			select {
			case places <- struct{}{}:
				defer func() { <-places }()
			case <-life.Done():
				return
			}
			c.endGhost(life, sid, &dialogs[i], over)
		})
	}
	c.mu.Unlock()
	done := make(chan struct{})
	c.working.Go(func() {
		all.Wait()
		close(done)
	})
	late := time.NewTimer(recoverWithin)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
	case <-ctx.Done():
	}
}

// endGhost ends one call of an earlier process. It calls over as soon as the trunk has
// confirmed the end, and returns when there is nothing more to send.
func (c *Carrier) endGhost(life context.Context, sid addressbook.SID, d *Dialog, over func()) {
	ctx, cancel := context.WithTimeout(life, answerWithin)
	defer cancel()
	if d.Domain == "" {
		*d = c.reached(*d, d.Dest) // an old record may have a name as the next hop
		if l := c.lines.named(d.Trunk); l != nil {
			d.Domain = l.trunk.Host
		}
		c.mu.Lock()
		c.ghosts[sid] = newLate(*d, "", false)
		c.mu.Unlock()
	}
	defer c.lines.hop(d.hop())()
	if d.Answered {
		c.byeOf(ctx, d, d.CSeq+skip, c.loginOf(d))
	} else {
		// Which INVITE was the last is not in the record. A CANCEL for another one does no
		// harm: it is refused or, by some proxies, not answered at all.
		var all sync.WaitGroup
		for n := range uint32(maxInvites) {
			if _, tx, err := c.net.begin(ctx, d, message{method: "CANCEL", cseq: d.CSeq + n, branch: d.via(n)}); err == nil {
				all.Go(func() {
					if res, err := final(ctx, tx); err == nil && res.IsSuccess() {
						over()
					}
				})
			}
		}
		all.Wait()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remember(sid, carrier.Progress{Call: sid, State: campaign.Dialed}, c.ghosts[sid])
	delete(c.ghosts, sid)
}

// loginOf returns the credentials for a dialog.
func (c *Carrier) loginOf(d *Dialog) *login {
	l := c.lines.named(d.Trunk)
	if l == nil {
		return &login{}
	}
	return &login{user: l.trunk.User, password: l.trunk.Password}
}
