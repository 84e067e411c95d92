package sip

import (
	"context"
	"errors"
	"fmt"
	"time"

	"callbook/internal/carrier"
	"callbook/internal/carrier/sip/media"
	"callbook/internal/trunk"
)

// Place implements [carrier.Carrier]. It gets the sounds of the flow before it takes a
// place on a trunk. A call to a number that no trunk is for fails at once, because another
// try would fail too.
func (c *Carrier) Place(ctx context.Context, o carrier.Order) error {
	if err := c.await(ctx); err != nil {
		return &carrier.NotSentError{After: time.Second, Cause: err}
	}
	if c.seen(&o) {
		return carrier.ErrTwice
	}
	if c.Sound().Behind {
		return &carrier.NotSentError{After: time.Second, Cause: errBehind}
	}
	if err := prepareSounds(ctx, &o); err != nil {
		return &carrier.NotSentError{After: time.Second, Only: true, Cause: fmt.Errorf("get the sounds of the call: %w", err)}
	}
	w, err := c.lines.choose(&o, time.Now())
	if errors.Is(err, errPrefix) {
		c.failAtOnce(&o, err)
		return nil
	}
	if err != nil {
		return err
	}
	_, err = c.placeOver(ctx, o, w)
	return err
}

// errBehind is why no call leaves while the calls in progress are as many as the machine can
// do.
var errBehind = errors.New("this server cannot keep pace with the sound of its calls; others wait until it has caught up")

// Sound tells how well the sound of calls keeps pace. While it is behind, no other call
// leaves.
func (c *Carrier) Sound() trunk.Sound { return c.opts.Media.Stats() }

// seen reports whether a call was placed before by this process.
func (c *Carrier) seen(o *carrier.Order) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	end, _ := c.ends.get(o.Call)
	return c.calls[o.Call] != nil || end.State != 0
}

// failAtOnce reports the end of a call that no trunk is for.
func (c *Carrier) failAtOnce(o *carrier.Order, why error) {
	const noRoute = 3 // of Q.850: no route to destination
	end := failedCall(o.Call, c.opts.Clock.Now(), noRoute, why.Error())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return
	}
	c.ends.put(o.Call, end, time.Now())
	c.working.Go(func() { c.tell(end) })
}

// prepareSounds gets all sounds of the flow that are known before the call, so that o.Sound
// has them when they are played.
func prepareSounds(ctx context.Context, o *carrier.Order) error {
	if o.Sound == nil {
		return nil
	}
	for _, s := range o.Flow.Sounds() {
		if _, err := o.Sound(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// placeOver places a call over a trunk on which it has a place.
func (c *Carrier) placeOver(ctx context.Context, o carrier.Order, w way) (*call, error) {
	t := &w.line.trunk
	session, err := c.opts.Media.NewSession(media.Settings{Codecs: t.Codecs, SRTP: t.SRTP, Symmetric: t.Symmetric, Local: w.hosts[0].here(), Record: o.Record})
	if err != nil {
		w.line.load.give()
		return nil, &carrier.NotSentError{After: time.Second, Cause: err}
	}
	l := newCall(c, o, w, session)
	var leaves []func()
	for _, h := range w.hosts {
		leaves = append(leaves, c.lines.hop(h.addr)) // also if the trunk is changed or removed
	}
	drop := func() {
		for _, leave := range leaves {
			leave()
		}
		session.Close()
		w.line.load.give()
	}
	c.mu.Lock()
	switch {
	case c.down:
		err = &carrier.NotSentError{After: time.Second, Cause: carrier.ErrDown}
	case c.calls[o.Call] != nil:
		err = carrier.ErrTwice
	default:
		c.unremember(o.Call)
		c.calls[o.Call] = l
		c.working.Add(1)
	}
	c.mu.Unlock()
	if err != nil {
		drop()
		return nil, err
	}
	traced := func(carrier.Progress) {}
	if !w.test {
		traced = c.traces.follow(&c.net.observe, &o, t.Name, c.opts.Clock)
	}
	if err := l.leave(ctx); err != nil {
		drop()
		traced(carrier.Progress{})
		if errors.Is(err, carrier.ErrTwice) {
			c.mu.Lock()
			delete(c.calls, o.Call)
			c.mu.Unlock()
		} else {
			c.forget(l, carrier.Progress{})
			err = &carrier.NotSentError{After: time.Second, Cause: err}
		}
		close(l.done)
		c.working.Done()
		return nil, err
	}
	go func() {
		defer c.working.Done()
		defer drop()
		l.run()
		traced(l.last())
	}()
	return l, nil
}
