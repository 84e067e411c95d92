package sip

import (
	"context"
	"time"

	"callbook/internal/trunk"
)

// Health returns the state of the trunks, in their order.
func (c *Carrier) Health() []trunk.Health {
	var all []trunk.Health
	for _, l := range c.lines.list() {
		all = append(all, l.health(time.Now()))
	}
	return all
}

// health returns the state of a trunk.
func (l *line) health(now time.Time) trunk.Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := trunk.Health{Trunk: l.trunk.Name, Reason: l.state(now), Since: l.since, Calls: l.load.calls()}
	h.Up = h.Reason == ""
	if h.Up && !l.proven {
		h.Reason = "it has not answered yet"
	}
	for _, k := range l.hosts {
		h.Hosts = append(h.Hosts, trunk.HostHealth{Host: k.dest, Up: k.down == "", Reason: k.down, Since: k.since, Trip: k.trip})
		if !now.Before(l.pause) && k.since.After(h.Since) {
			h.Since = k.since
		}
	}
	return h
}

// Check sends OPTIONS to a trunk's hosts, whether or not the trunk is among those of this
// carrier, and returns its state. Run must be running.
func (c *Carrier) Check(ctx context.Context, t trunk.Trunk) (trunk.Health, error) {
	if err := c.await(ctx); err != nil {
		return trunk.Health{}, err
	}
	if l := c.lines.named(t.Name); l != nil {
		for _, h := range l.all() {
			c.probe(ctx, l, h)
		}
		return l.health(time.Now()), nil
	}
	return trunk.Health{Trunk: t.Name, Reason: "the trunk is not in use"}, nil
}
