package sip

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"callbook/internal/carrier"
)

// lines are the trunks in their order.
type lines struct {
	mu  sync.Mutex
	all []*line
	// hops counts the next hops of calls in progress that are not hosts of a trunk.
	hops map[netip.Addr]int
}

// known reports whether messages from an address are read.
func (ls *lines) known(a netip.Addr) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.hops[a] > 0 {
		return true
	}
	for _, l := range ls.all {
		l.mu.Lock()
		is := slices.ContainsFunc(l.hosts, func(h *host) bool { return h.addr == a })
		l.mu.Unlock()
		if is {
			return true
		}
	}
	return false
}

// garbage notes that a message from an address could not be read.
func (ls *lines) garbage(a netip.Addr) {
	for _, l := range ls.list() {
		l.mu.Lock()
		if slices.ContainsFunc(l.hosts, func(h *host) bool { return h.addr == a }) {
			l.garbled = time.Now()
		}
		l.mu.Unlock()
	}
}

// hop lets messages from the next hop of a call be read, until the function that it
// returns is called.
func (ls *lines) hop(a netip.Addr) (leave func()) {
	if !a.IsValid() {
		return func() {}
	}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.hops == nil {
		ls.hops = make(map[netip.Addr]int)
	}
	ls.hops[a]++
	return func() {
		ls.mu.Lock()
		defer ls.mu.Unlock()
		if ls.hops[a]--; ls.hops[a] == 0 {
			delete(ls.hops, a)
		}
	}
}

// list returns the lines in their order.
func (ls *lines) list() []*line {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return slices.Clone(ls.all)
}

// named returns the line of a trunk, or nil.
func (ls *lines) named(name string) *line {
	for _, l := range ls.list() {
		if l.trunk.Name == name {
			return l
		}
	}
	return nil
}

// probesWithin is how long the first calls wait to learn which trunks are up.
const probesWithin = time.Second

// awaitProbes waits a while until all hosts were probed once.
func (ls *lines) awaitProbes(ctx context.Context) {
	late := time.NewTimer(probesWithin)
	defer late.Stop()
	for _, l := range ls.list() {
		select {
		case <-l.probed:
		case <-ctx.Done():
		case <-late.C:
			return
		}
	}
}

// wait waits until all probes have ended.
func (ls *lines) wait() {
	all := ls.list()
	for _, l := range all {
		l.stop()
	}
	for _, l := range all {
		l.probe.Wait()
	}
}

// way is how a call leaves.
type way struct {
	line     *line
	hosts    []*host
	callerID string
	keys     string // to press once the callee has answered; of test calls
	test     bool   // see call.test
}

// otherwise is how long a number waits whose trunks are down, while there are others. The
// calls to other numbers leave meanwhile.
const otherwise = 5 * time.Second

// choose reserves a place on the first trunk that is for the call and is up.
func (ls *lines) choose(o *carrier.Order, now time.Time) (way, error) {
	all := ls.list()
	if len(all) == 0 {
		return way{}, &carrier.NotSentError{After: time.Second, Cause: errNoTrunk}
	}
	var refused *carrier.NotSentError
	others := false // there are trunks for other numbers
	for _, l := range all {
		if !fits(&l.trunk, o.To) {
			others = true
			continue
		}
		id, may := callerIDOn(&l.trunk, o.CallerID)
		if !may {
			if refused == nil {
				refused = &carrier.NotSentError{After: 2 * time.Second, Only: true, Cause: errCallerID}
			}
			continue
		}
		hosts, why := l.ready(now)
		if why != "" {
			refused = &carrier.NotSentError{After: time.Second, Cause: errors.New("the trunk " + strconv.Quote(l.trunk.Name) + " is down: " + why)}
			continue
		}
		if err := l.take(now); err != nil {
			return way{}, err
		}
		return way{line: l, hosts: hosts, callerID: id}, nil
	}
	if refused != nil {
		if others && !refused.Only {
			refused.Number, refused.After = true, otherwise
		}
		return way{}, refused
	}
	return way{}, errPrefix
}
