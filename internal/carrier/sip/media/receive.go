package media

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/pion/rtp"
)

const (
	// learnAfter is how long nothing must have come from the address in the description
	// before another one is taken.
	learnAfter = 400 * time.Millisecond
	// mostStray is how many packets of strangers a session reads at a time. Then it rests
	// for strayRest, and the system drops what does not fit into the socket's buffer.
	// Floods to one port therefore take no time from other calls.
	mostStray = 100
	strayRest = 10 * time.Millisecond
	// largestPacket bounds packets that are read. Larger ones are cut off.
	largestPacket = 1500
	// loud is the mean of a packet's samples from which on it counts as a voice, about
	// -45 dB of the loudest tone.
	loud = 180
)

// source is where the peer's packets come from.
type source struct {
	learned netip.AddrPort // another address than that of the description; invalid if none
	tried   bool           // an address was learned already; it happens once
	since   time.Time      // the last packet from the address of the description
}

// input is what came from the peer.
type input struct {
	keyed   bool   // a key came as RTP
	keyTime uint32 // the RTP timestamp of the last one
	ssrc    uint32 // its source
	info    bool   // a key came otherwise
	voice   time.Time
	stray   int        // packets that were not the peer's
	header  rtp.Header // scratch
}

// read reads packets until the session is closed.
func (s *Session) read() {
	var buf [largestPacket]byte
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf[:])
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if s.receive(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), time.Now()) {
			continue
		}
		select {
		case <-time.After(strayRest):
		case <-s.ctx.Done():
			return
		}
	}
}

// receive handles a packet. It returns false if there were too many that are not the
// peer's.
func (s *Session) receive(packet []byte, from netip.AddrPort, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.take(packet, from, now) {
		return true
	}
	s.input.stray++
	return s.input.stray%mostStray != 0
}

// take handles a packet if it is the peer's, or returns false. The caller must hold s.mu.
func (s *Session) take(packet []byte, from netip.AddrPort, now time.Time) bool {
	if !s.started || !s.admits(from, now) {
		return false
	}
	in := &s.input
	n, err := in.header.Unmarshal(packet)
	if err != nil || in.header.Version != 2 {
		return false
	}
	if s.decrypt != nil {
		if packet, err = s.decrypt.open(packet, &in.header); err != nil {
			return false
		}
	}
	payload := packet[n:]
	if in.header.Padding && len(payload) > 0 {
		payload = payload[:max(0, len(payload)-int(payload[len(payload)-1]))]
	}
	kind := in.header.PayloadType
	event := s.isEvent(kind)
	l := s.lawOf(kind)
	if l != nil {
		if l.isLoud(payload) {
			in.voice = now
		}
		s.recording.heard(l, payload)
	} else if !event && from != s.peer.addr {
		return false // no reason to believe that it is the peer
	}
	s.learn(from, now)
	s.heard = now
	if event {
		s.hearEvent(payload)
	}
	return true
}

// admits reports whether a packet from this address may be the peer's.
func (s *Session) admits(from netip.AddrPort, now time.Time) bool {
	switch {
	case from == s.peer.addr, from == s.source.learned:
		return true
	case !s.settings.Symmetric || s.source.tried:
		return false
	}
	return now.Sub(s.source.since) >= learnAfter
}

// learn remembers where a packet of the peer came from. The address of the description
// is always right: once it sends, the learned one is forgotten, and no other is learned.
func (s *Session) learn(from netip.AddrPort, now time.Time) {
	switch from {
	case s.peer.addr:
		s.source.since, s.source.learned = now, netip.AddrPort{}
	case s.source.learned:
	default:
		s.source.learned, s.source.tried = from, true
	}
}

// lawOf returns the law of packets of this payload type, or nil. Peers may change between
// the laws without a word.
func (s *Session) lawOf(kind uint8) *law {
	if kind == s.peer.kind {
		return s.peer.law
	}
	for _, l := range laws {
		if l.kind == kind {
			return l
		}
	}
	return nil
}

// isLoud reports whether somebody speaks in the frame.
func (l *law) isLoud(frame []byte) bool {
	sum := 0
	for _, b := range frame {
		if v := int(l.decoded[b]); v < 0 {
			sum -= v
		} else {
			sum += v
		}
	}
	return sum > loud*len(frame)
}
