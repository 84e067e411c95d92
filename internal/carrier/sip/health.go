package sip

import (
	"context"
	"time"

	"callbook/internal/trunk"
)

// Health is the state of a trunk.
type Health struct {
	Trunk string
	Up    bool
	// Reason says in words why the trunk is down, or what is not certain about it; it may
	// be empty.
	Reason string
	Since  time.Time // of the present state
	Calls  int       // in flight
	Hosts  []HostHealth
}

// HostHealth is the state of one host of a trunk.
type HostHealth struct {
	Host   string // host and port
	Up     bool
	Reason string
	Since  time.Time
	// Trip is how long the last answer to OPTIONS took; 0 if there was none.
	Trip time.Duration
}

// Health returns the state of the trunks, in their order.
func (c *Carrier) Health() []Health {
	var all []Health
	for _, l := range c.lines.list() {
		all = append(all, l.health(time.Now()))
	}
	return all
}

// health returns the state of a trunk.
func (l *line) health(now time.Time) Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := Health{Trunk: l.trunk.Name, Reason: l.state(now), Since: l.since, Calls: l.load.calls()}
	h.Up = h.Reason == ""
	if h.Up && !l.proven {
		h.Reason = "it has not answered yet"
	}
	for _, k := range l.hosts {
		h.Hosts = append(h.Hosts, HostHealth{Host: k.dest, Up: k.down == "", Reason: k.down, Since: k.since, Trip: k.trip})
		if !now.Before(l.pause) && k.since.After(h.Since) {
			h.Since = k.since
		}
	}
	return h
}

// Check sends OPTIONS to a trunk's hosts, whether or not the trunk is among those of this
// carrier, and returns its state. Run must be running.
func (c *Carrier) Check(ctx context.Context, t trunk.Trunk) (Health, error) {
	if err := c.await(ctx); err != nil {
		return Health{}, err
	}
	if l := c.lines.named(t.Name); l != nil {
		for _, h := range l.all() {
			c.probe(ctx, l, h)
		}
		return l.health(time.Now()), nil
	}
	return Health{Trunk: t.Name, Reason: "the trunk is not in use"}, nil
}
