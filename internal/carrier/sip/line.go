package sip

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"callbook/internal/carrier"
	"callbook/internal/trunk"
)

// line is a trunk with its present state.
type line struct {
	trunk  trunk.Trunk
	probe  sync.WaitGroup
	stop   context.CancelFunc // ends the probes
	probed chan struct{}      // closed when all hosts were probed once
	load   *load

	mu     sync.Mutex
	hosts  []*host
	lookUp error // why there are no hosts
	// Until pause no call leaves, for the reason why.
	pause time.Time
	why   string
	// silent counts the last calls in a row without any answer, and refused the last calls
	// in a row that the trunk itself has refused.
	silent, refused int
	garbled         time.Time // when the trunk last sent a message that could not be read
	proven          bool      // it has answered something
	// unregistered is why a trunk that wants a registration has none, or "".
	unregistered string
	since        time.Time
}

// load counts what the limits of a trunk bound. When somebody changes a trunk, its new line
// takes over the load of the old one, whose calls go on.
type load struct {
	mu   sync.Mutex
	next time.Time // when the next call may leave
	busy int       // calls in flight
	portion
}

// calls returns how many calls are in flight.
func (o *load) calls() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.busy
}

// host is one of a trunk's hosts.
type host struct {
	dest  string // host and port
	addr  netip.Addr
	local string // this endpoint as the host reaches it

	// The mutex of the line guards these.
	answered bool      // it has answered OPTIONS before
	heard    time.Time // when it last answered a call
	missed   int       // the last OPTIONS without an answer
	down     string
	since    time.Time
	trip     time.Duration
}

// here returns the address of this endpoint as the host reaches it.
func (h *host) here() netip.Addr {
	local, _ := netip.ParseAddrPort(h.local) // the zero address if there is no route
	return local.Addr()
}

const (
	// maxSilent is how many calls without any answer it takes until a trunk counts as
	// down. A trunk that has not answered yet gets no more calls than this at a time.
	maxSilent = 3
	// downFor is how long a trunk that counts as down rests, and refusedFor how long one
	// that has refused the password. A trunk that is changed is tried at once.
	downFor, refusedFor = 30 * time.Second, 2 * time.Minute
	// full is how long to wait while all channels of a trunk are busy.
	full = 200 * time.Millisecond
	// maxRefused is how many calls in a row a trunk refuses by itself until it counts as
	// down.
	maxRefused = 20

	givesNoAnswer = "it gives no answer to calls"
)

var (
	errNoTrunk  = errors.New("there is no trunk")
	errCallerID = errors.New("no trunk may show this caller id")
	errFull     = errors.New("all channels of the trunk are busy")
	errPace     = errors.New("the trunk takes no more calls in this second")
	errPrefix   = errors.New("no trunk is for numbers with this prefix")
)

// ready returns the hosts to try. Hosts that have answered OPTIONS come first. If the trunk
// is down, why is the reason in words.
func (l *line) ready(now time.Time) (hosts []*host, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	why = l.state(now)
	if why != "" {
		return nil, why
	}
	for _, h := range l.hosts {
		if h.down == "" {
			hosts = append(hosts, h)
		}
	}
	slices.SortStableFunc(hosts, func(a, b *host) int {
		switch {
		case a.answered == b.answered:
			return 0
		case a.answered:
			return -1
		}
		return 1
	})
	return hosts, ""
}

// state returns why the trunk is down, or "". The caller must hold mu.
func (l *line) state(now time.Time) string {
	switch {
	case l.trunk.Locked != "":
		return "its password cannot be decrypted"
	case now.Before(l.pause):
		return l.why
	case len(l.hosts) == 0 && l.lookUp != nil:
		return "its host cannot be found: " + l.lookUp.Error()
	case len(l.hosts) == 0:
		return "its host was not found yet"
	}
	for _, h := range l.hosts {
		if h.down == "" {
			return l.unregistered
		}
	}
	return l.hosts[0].down
}

// take reserves a channel and a slot of the pace for a call.
func (l *line) take(now time.Time) *carrier.NotSentError {
	l.mu.Lock()
	defer l.mu.Unlock()
	channels := l.trunk.Channels
	switch {
	case l.silent >= maxSilent: // one call decides whether it is up again
		channels = 1
	case !l.proven && (channels == 0 || channels > maxSilent):
		channels = maxSilent
	}
	return l.load.take(now, channels, l.trunk.CallsASecond)
}

// take reserves a channel and a slot of the pace. A limit of 0 is none.
func (o *load) take(now time.Time, channels, callsASecond int) *carrier.NotSentError {
	o.mu.Lock()
	defer o.mu.Unlock()
	if channels > 0 && o.busy >= channels {
		return &carrier.NotSentError{After: full, Cause: errFull}
	}
	if wait := o.next.Sub(now); wait > 0 {
		return &carrier.NotSentError{After: wait, Cause: errPace}
	}
	var gap time.Duration
	if callsASecond > 0 {
		gap = time.Second / time.Duration(callsASecond)
	}
	if o.shared {
		longer, err := o.portion.take(now, o.busy)
		if err != nil {
			return err
		}
		gap = max(gap, longer)
	}
	if gap > 0 {
		// Up to a tenth of a second's calls may leave at once.
		if earliest := now.Add(-100 * time.Millisecond); o.next.Before(earliest) {
			o.next = earliest
		}
		o.next = o.next.Add(gap)
	}
	o.busy++
	return nil
}

// give returns the channel of a call.
func (o *load) give() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy--
}

// heard notes that a host of the trunk has answered.
func (l *line) heard(h *host) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proven, l.silent, h.heard = true, 0, time.Now()
	if h.down == givesNoAnswer {
		h.down, h.since = "", time.Now()
	}
	if l.why == givesNoAnswer {
		l.pause = time.Time{}
	}
}

// judge takes the final answer of a call. A trunk that refuses many calls in a row before
// any telephone rings, whatever the number, is out of order or does not want calls.
func (l *line) judge(now time.Time, code int, own bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !own {
		l.refused = 0
		return
	}
	l.refusal(now, fmt.Sprintf("it refuses calls with %d", code))
}

// refusal notes a call that the trunk itself has refused. After many in a row the trunk
// rests, for the reason why. The caller must hold mu.
func (l *line) refusal(now time.Time, why string) {
	if l.refused++; l.refused >= maxRefused {
		l.rest(now, downFor, why)
		l.refused = maxRefused - 1 // then the next call decides
	}
}

// unheard notes that a call that left at a time has got no answer from a host.
//
// If another host of the trunk is up, this host counts as down for a while. Otherwise the
// whole trunk does, after some such calls in a row, and then the next call decides. If the
// trunk has sent a message that cannot be read meanwhile, and has answered before, unheard
// counts a refusal instead.
//
// Dead means that the connection to the host may be the cause: since the call left, the host
// has answered no other call, and it has never answered OPTIONS.
func (l *line) unheard(h *host, now, left time.Time) (dead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.proven && l.garbled.After(left) {
		l.refusal(now, "its answers to calls cannot be read")
		return false
	}
	if slices.ContainsFunc(l.hosts, func(k *host) bool { return k != h && k.down == "" }) {
		l.mark(h, givesNoAnswer)
		return !h.answered && h.heard.Before(left)
	}
	if l.silent++; l.silent < maxSilent {
		return false
	}
	l.rest(now, downFor, givesNoAnswer)
	return !h.answered && h.heard.Before(left)
}

// garbledSince reports whether the trunk has sent what could not be read since a time.
func (l *line) garbledSince(t time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.garbled.After(t)
}

// refuse lets the trunk rest for a reason.
func (l *line) refuse(now time.Time, d time.Duration, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest(now, d, why)
}

func (l *line) rest(now time.Time, d time.Duration, why string) {
	if !now.Before(l.pause) {
		l.since = now
	}
	l.pause, l.why = now.Add(d), why
}
