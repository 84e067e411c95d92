// Package media sends and receives the sound of telephone calls: RTP over UDP, the keys
// that the callee presses, and the session descriptions (SDP) that say where to send
// them. It knows nothing of SIP.
//
// An [Engine] has the ports and the pace of all calls. A [Session] is the media of one
// call. [Perform] runs a flow over a session.
package media

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"callbook/internal/trunk"
)

const (
	// frameTime is the time of the sound in a packet.
	frameTime = 20 * time.Millisecond
	// frameSamples is the number of samples in a packet, at 8,000 a second.
	frameSamples = 160
	// lostAfter is how long a peer may send nothing before its session is lost.
	lostAfter = 20 * time.Second
)

// ErrNoPort means that all ports are in use, or were until a minute ago.
var ErrNoPort = errors.New("no port for sound is free, and each rests for a minute after its call: give more by --rtp-ports")

// Options configure an [Engine].
type Options struct {
	// First and Last bound the UDP ports. A session has one, which is even. Its port
	// is used again a minute after the session at the earliest.
	First, Last int
	// Bind is the local address of the sockets. An unspecified one, of IPv4 or IPv6, stands
	// for all of both. Public is the address that peers are told to send to, unless the
	// [Settings] of a session have another; by default it is Bind.
	Bind, Public netip.Addr
	// Now tells whether packets leave late; nil means time.Now. Tests set it.
	Now func() time.Time
}

// Engine has the sessions of all calls and sends their packets. Its methods are safe for
// concurrent use.
type Engine struct {
	opts      Options
	ports     *ports
	lostAfter time.Duration
	sent      atomic.Uint64
	late      atomic.Uint64
	keeping   keeping
	work      sync.WaitGroup // of recordings
	ticking   []*Session     // scratch of the pacer
	hearing   []*Session     // scratch of the listener

	mu       sync.Mutex
	closed   bool
	sessions []*Session // all that are open
}

// Open returns an engine. It fails if the options are invalid. It opens no sockets yet.
func Open(o Options) (*Engine, error) {
	if !o.Public.IsValid() {
		o.Public = o.Bind
	}
	o.Bind, o.Public = o.Bind.Unmap(), o.Public.Unmap()
	switch {
	case !o.Bind.IsValid():
		return nil, errors.New("media: no local address is set")
	case !o.Bind.IsUnspecified() && o.Bind.Is4() != o.Public.Is4():
		return nil, errors.New("media: one of the local and the public address is IPv4, the other IPv6")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	p, err := newPorts(o.First, o.Last)
	if err != nil {
		return nil, err
	}
	return &Engine{opts: o, ports: p, lostAfter: lostAfter}, nil
}

// NewSession opens the socket of a call. It returns [ErrNoPort] if there is no port. The
// session receives nothing before [Session.Answer] or [Session.Reoffer].
func (e *Engine) NewSession(settings Settings) (*Session, error) {
	if len(settings.Codecs) == 0 {
		settings.Codecs = []trunk.Codec{trunk.PCMA, trunk.PCMU}
	}
	s := &Session{
		engine: e, settings: settings, lost: make(chan struct{}), keys: make(chan byte, mostKeys),
		sdpID: rand.Uint64() >> 2, version: rand.Uint64() >> 32, event: eventType, marker: true,
		recording: newRecording(settings.Record), ssrc: rand.Uint32(), seq: uint16(rand.Uint32()), clock: rand.Uint32(),
		local: settings.Local.Unmap(),
	}
	if !s.local.IsValid() {
		s.local = e.opts.Public
	}
	if s.local.IsUnspecified() {
		return nil, errors.New("media: there is no address that the peer could send to")
	}
	if settings.SRTP {
		s.key = newMasterKey()
	}
	var err error
	if s.socket, s.port, err = e.bind(s.local.Is4()); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		s.cancel()
		e.ports.giveBack(s.port, time.Now())
		return nil, errors.Join(net.ErrClosed, s.socket.close())
	}
	e.sessions = append(e.sessions, s)
	if settings.Record != nil {
		e.work.Go(s.recording.run)
	}
	return s, nil
}

// bind opens a socket of IPv4 or IPv6 on a port that is free. It passes over those that
// other programs use.
func (e *Engine) bind(v4 bool) (*socket, int, error) {
	network, addr := "udp6", e.opts.Bind
	if v4 {
		network = "udp4"
	}
	switch {
	case addr.Is4() == v4:
	case !addr.IsUnspecified():
		return nil, 0, fmt.Errorf("open a media port: the peer cannot send to %v, since one of the two has IPv4 and the other IPv6", addr)
	case v4:
		addr = netip.IPv4Unspecified()
	default:
		addr = netip.IPv6Unspecified()
	}
	for range e.ports.count() {
		port, ok := e.ports.take(time.Now())
		if !ok {
			break
		}
		opened, err := listen(network, netip.AddrPortFrom(addr, uint16(port)))
		if err == nil {
			return opened, port, nil
		}
		e.ports.giveBack(port, time.Now())
		if !inUse(err) {
			return nil, 0, fmt.Errorf("open a media port: %w", err)
		}
	}
	return nil, 0, ErrNoPort
}

// remove forgets a session that is closed.
func (e *Engine) remove(s *Session) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sessions = slices.DeleteFunc(e.sessions, func(other *Session) bool { return other == s })
	e.ports.giveBack(s.port, time.Now())
}

// open appends all sessions that are open to a slice.
func (e *Engine) open(to []*Session) []*Session {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append(to, e.sessions...)
}

// Ports returns how many sessions can be open at the same time.
func (e *Engine) Ports() int { return e.ports.count() }

// Stats returns the counts of packets so far, and whether the engine keeps pace.
func (e *Engine) Stats() trunk.Sound {
	return trunk.Sound{Sent: e.sent.Load(), Late: e.late.Load(), Behind: e.keeping.behind.Load()}
}
