package sip

import (
	"context"
	"errors"
	"time"

	"callbook/internal/carrier"
)

// Step is a message of a test call.
type Step struct {
	At   time.Time
	Sent bool // by this side; otherwise it was received
	// Message is the text of the message without secrets. It contains telephone numbers.
	Message string
}

// TestCall places a call over a trunk, whatever its prefixes, and waits for its end. It
// tells each message, also those of a host that is down. Told is called for one message
// after the other and returns soon. Once the callee has answered, TestCall presses the keys
// (digits, * and #), if there are any, before it plays the flow; it returns an error if the
// callee takes none. When ctx ends, the call is hung up. Run must be running.
func (c *Carrier) TestCall(ctx context.Context, trunk string, o carrier.Order, keys string, told func(Step)) (carrier.Progress, error) {
	if err := c.await(ctx); err != nil {
		return carrier.Progress{}, err
	}
	line := c.lines.named(trunk)
	if line == nil {
		return carrier.Progress{}, errNoTrunk
	}
	id, may := callerIDOn(&line.trunk, o.CallerID)
	if !may {
		return carrier.Progress{}, errCallerID
	}
	hosts := line.all()
	if len(hosts) == 0 {
		return carrier.Progress{}, errors.New("the host of the trunk cannot be found")
	}
	if err := prepareSounds(ctx, &o); err != nil {
		return carrier.Progress{}, err
	}
	if err := line.take(time.Now()); err != nil {
		return carrier.Progress{}, err
	}
	defer c.net.observe.watch(callIDOf(o.Call), func(sent bool, message string) {
		told(Step{At: c.opts.Clock.Now(), Sent: sent, Message: message})
	})()
	l, err := c.placeOver(ctx, o, way{line, hosts, id, keys})
	if err != nil {
		return carrier.Progress{}, err
	}
	select {
	case <-l.done:
	case <-ctx.Done():
		l.hangUp()
		<-l.done // within the time in which answers come
	}
	return l.last(), l.pressed
}
