package media

import (
	"net/netip"
	"time"

	"github.com/pion/rtp"
)

const (
	// learnAfter is how long nothing must have come from the address in the description
	// before another one is taken.
	learnAfter = 400 * time.Millisecond
	// mostHeard is how many packets of a session are read in a round of 20 ms. The system
	// keeps some of the others for the next rounds and drops the rest. So a flood to one port
	// takes little time from other calls, and up to 10,000 packets of strangers a second
	// push out none of the peer's.
	mostHeard = 200
	// mostDrained is more packets than the buffer of a socket has room for.
	mostDrained = 1000
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
	header  rtp.Header // scratch
}

// hear reads what came for the session since the last round, into buf. It returns how many
// packets that were.
func (s *Session) hear(buf []byte, now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for heard := range mostHeard {
		if s.closed {
			return heard
		}
		n, from, ok := s.socket.read(buf)
		if !ok {
			return heard
		}
		s.take(buf[:n], from, now)
	}
	return mostHeard
}

// drain drops what has come so far. The caller must hold s.mu.
func (s *Session) drain() {
	var buf [largestPacket]byte
	for range mostDrained {
		if _, _, ok := s.socket.read(buf[:]); !ok {
			return
		}
	}
}

// take handles a packet if it is the peer's. The caller must hold s.mu.
func (s *Session) take(packet []byte, from netip.AddrPort, now time.Time) {
	if !s.started || !s.admits(from, now) {
		return
	}
	in := &s.input
	n, err := in.header.Unmarshal(packet)
	if err != nil || in.header.Version != 2 {
		return
	}
	if s.decrypt != nil {
		if packet, err = s.decrypt.open(packet, &in.header); err != nil {
			return
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
		return // no reason to believe that it is the peer
	}
	s.learn(from, now)
	s.heard = now
	if event {
		s.hearEvent(payload)
	}
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
