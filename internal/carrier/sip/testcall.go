package sip

import (
	"context"
	"errors"
	"fmt"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/carrier"
	"callbook/internal/fault"
	"callbook/internal/trunk"
)

// TestCall places a call over a trunk, whatever its prefixes, and waits for its end. It
// tells each message, also those of a host that is down. Told is called for one message
// after the other and returns soon. Once the callee has answered, TestCall presses the keys
// (digits, * and #), if there are any, before it plays the flow; it returns an error if the
// callee takes none. When ctx ends, the call is hung up, and TestCall returns within a second.
// Run must be running; it does not tell of the call.
//
// The sid of the call should be one of [trunk.TestCall], so that a later process hangs up
// a call that this one could not end. A call that was placed before is not placed again,
// also not by another process. An error with words for a person is a fault.
func (c *Carrier) TestCall(ctx context.Context, name string, o carrier.Order, keys string, told func(trunk.Message)) (carrier.Progress, error) {
	if err := c.await(ctx); err != nil {
		return carrier.Progress{}, err
	}
	line := c.lines.named(name)
	if line == nil {
		return carrier.Progress{}, fault.New(fault.NotFound, errNoTrunk.Error())
	}
	if line.trunk.Locked != "" {
		return carrier.Progress{}, fault.New(fault.Invalid, line.trunk.Locked)
	}
	id, may := callerIDOn(&line.trunk, o.CallerID)
	if !may {
		return carrier.Progress{}, fault.New(fault.Invalid, "the trunk may not show this caller id")
	}
	hosts := line.all()
	if len(hosts) == 0 {
		return carrier.Progress{}, fault.New(fault.Unavailable, "the host of the trunk cannot be found")
	}
	if err := prepareSounds(ctx, &o); err != nil {
		return carrier.Progress{}, err
	}
	if c.Sound().Behind {
		return carrier.Progress{}, fault.New(fault.Unavailable, errBehind.Error())
	}
	if err := line.await(ctx); err != nil {
		return carrier.Progress{}, forPeople(err)
	}
	defer c.net.observe.watch(callIDOf(o.Call), func(sent bool, m fmt.Stringer) {
		told(trunk.Message{At: c.opts.Clock.Now(), Sent: sent, Text: struck(m.String())})
	})()
	l, err := c.placeOver(ctx, o, way{line: line, hosts: hosts, callerID: id, keys: keys, test: true})
	if err != nil {
		return carrier.Progress{}, forPeople(err)
	}
	select {
	case <-l.done:
	case <-ctx.Done():
		l.hangUp()
		late := time.NewTimer(stopWithin)
		defer late.Stop()
		select {
		case <-l.done:
		case <-late.C: // the end of the call is not worth a longer wait
			return l.last(), nil
		}
	}
	return l.last(), l.pressed
}

// await reserves a place on the trunk. While other servers have all of it, it waits for their
// next renewals: they give a part to a server that has a call.
func (l *line) await(ctx context.Context) error {
	late := time.Now().Add(trunk.ShareFor)
	for {
		now := time.Now()
		err := l.take(now)
		switch {
		case err == nil:
			return nil
		case err.Cause != errShare || now.After(late):
			return err
		}
		again := time.NewTimer(err.After)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return ctx.Err()
		}
	}
}

// forPeople returns the fault of a test call that has not left, unless its cause is a failure
// of the database.
func forPeople(err error) error {
	notSent, ok := errors.AsType[*carrier.NotSentError](err)
	if !ok || errors.Is(err, errRecord) {
		return err
	}
	return fault.New(fault.Unavailable, notSent.Cause.Error())
}

// ending reports whether this process knows a call, or is ending the call of an earlier
// process.
func (c *Carrier) ending(call addressbook.SID) bool {
	_, known := c.remembered(call)
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ghost := c.ghosts[call]
	return known || ghost
}

// endTests hangs up test calls of an earlier process: no dialer asks for them. If another
// server on the same database is just making one, that is hung up too.
func (c *Carrier) endTests(ctx context.Context) {
	calls, err := c.opts.Dialogs.TestDialogs(ctx)
	if err == nil && len(calls) > 0 {
		asked := make([]carrier.Asked, len(calls))
		for i, call := range calls {
			asked[i].Call = call
		}
		_, err = c.Resolve(ctx, asked)
	}
	var over []addressbook.SID
	for _, call := range calls {
		if !c.ending(call) { // or else it is dropped like any other
			over = append(over, call)
		}
	}
	if err == nil {
		err = c.opts.Dialogs.DropDialogs(ctx, over)
	}
	if err != nil && ctx.Err() == nil {
		c.opts.Log.Warn("the test calls of an earlier process could not be ended", "error", err)
	}
}
