package sip

import (
	"context"
	"errors"
	"time"

	"callbook/internal/carrier"
	"callbook/internal/trunk"
)

const (
	// shareEvery is how often this process renews its shares of the trunks, and shareSoon
	// the shortest time between two renewals.
	shareEvery, shareSoon = time.Second, 100 * time.Millisecond
	// shareWithin is how long a renewal may take. A share holds a second less than the
	// database says, for clocks that go differently.
	shareWithin = 2 * time.Second
	shareFor    = trunk.ShareFor - time.Second
	// wantsFor is how long a trunk is wanted after a call.
	wantsFor = 5 * time.Second
)

var errShare = errors.New("other servers use the rest of the trunk")

// portion is what this process may use of a trunk, if it shares that with others. The mutex
// of the load guards it.
type portion struct {
	shared bool
	hungry chan<- struct{} // asks for a renewal
	limit  trunk.Share
	from   time.Time // when the renewal began that has given the limit
	wanted time.Time // when a call was last to be placed
}

// at returns the limit at a time. It is nothing if the share was not renewed. Both clocks
// decide: one stands while the machine sleeps, and somebody may set the other.
func (p *portion) at(now time.Time) trunk.Share {
	if now.Sub(p.from) < shareFor && now.Round(0).Sub(p.from.Round(0)) < shareFor {
		return p.limit
	}
	return trunk.Share{}
}

// take returns how long after a call the next one may leave, or why none may while so many
// are in flight.
func (p *portion) take(now time.Time, busy int) (gap time.Duration, err *carrier.NotSentError) {
	limit, anew := p.at(now), now.Sub(p.wanted) > wantsFor
	p.wanted = now
	if limit.Pace > 0 && busy < limit.Channels {
		return 1000 * time.Second / time.Duration(limit.Pace), nil
	}
	if anew {
		select {
		case p.hungry <- struct{}{}:
		default:
		}
	}
	return 0, &carrier.NotSentError{After: full, Cause: errShare}
}

// share lets the load take no more than its portion from now on.
func (o *load) share(hungry chan<- struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shared, o.hungry = true, hungry
}

// lapsed returns an error if the share was not renewed in time, so that a call must not
// leave any more.
func (o *load) lapsed(now time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.shared && o.at(now) == (trunk.Share{}) {
		return errShare
	}
	return nil
}

// use returns what to ask for.
func (o *load) use(t *trunk.Trunk, now time.Time) trunk.Use {
	o.mu.Lock()
	defer o.mu.Unlock()
	return trunk.Use{
		Trunk: t.Name, Channels: t.Channels, CallsASecond: t.CallsASecond,
		Busy: o.busy, Limit: o.at(now), Wants: now.Sub(o.wanted) <= wantsFor,
	}
}

// allow sets the limit that a renewal has given, which began at a time.
func (o *load) allow(s trunk.Share, from time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.limit, o.from = s, from
}

// share renews the shares of all trunks.
func (c *Carrier) share(ctx context.Context) error {
	all := c.lines.list()
	if c.opts.Shares == nil || len(all) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shareWithin)
	defer cancel()
	from := time.Now()
	uses := make([]trunk.Use, len(all))
	for i, l := range all {
		uses[i] = l.load.use(&l.trunk, from)
	}
	shares, err := c.opts.Shares.ShareTrunks(ctx, c.server, uses)
	if err != nil {
		return err
	}
	for i, l := range all {
		l.load.allow(shares[i], from)
	}
	return nil
}

// shareAll renews the shares again and again, until ctx ends.
func (c *Carrier) shareAll(ctx context.Context) {
	tick := time.NewTicker(shareEvery)
	defer tick.Stop()
	failing := false
	for {
		err := c.share(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			c.opts.Log.Warn("the shares of the trunks could not be renewed; calls wait until they are", "error", err)
		}
		failing = err != nil
		soon := time.NewTimer(shareSoon)
		select {
		case <-ctx.Done():
		case <-soon.C:
		}
		soon.Stop()
		select {
		case <-ctx.Done():
			return
		case <-c.hungry:
		case <-tick.C:
		}
	}
}

// leaveShares gives the shares to other servers.
func (c *Carrier) leaveShares(ctx context.Context) {
	if c.opts.Shares == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shareWithin)
	defer cancel()
	if err := c.opts.Shares.LeaveTrunks(ctx, c.server); err != nil {
		c.opts.Log.Warn("the shares of the trunks could not be given up; they run out", "error", err)
	}
}
