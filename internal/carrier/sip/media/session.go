package media

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"callbook/internal/trunk"
)

// Settings are those of a [Session]. They come from its trunk.
type Settings struct {
	Codecs []trunk.Codec // in order of preference; none means all
	// SRTP encrypts the media, with keys by SDES (RFC 4568). Peers that do not encrypt are
	// refused.
	SRTP bool
	// Local is the address that the peer is told to send to; by default that of the
	// [Options].
	Local netip.Addr
	// Symmetric takes media from another address if none comes from the one in the
	// description, and then sends there.
	Symmetric bool
	// Record, if it is set, gets the sound of the call: both sides mixed, 8,000 samples a
	// second, without the time on hold. It is called from one goroutine with up to half a
	// second of sound at a time, and once with nil after the session was closed. If it
	// falls more than ten seconds behind, it gets no more sound. [Engine.Run] waits for
	// it.
	Record func(samples []int16)
}

// Session is the media of one call: a UDP socket, what is played into it and what comes
// from it. Its methods are safe for concurrent use.
//
// A peer that puts the call on hold hears nothing. Until it resumes, sounds and timeouts
// stand still.
type Session struct {
	engine   *Engine
	settings Settings
	local    netip.Addr // where the peer sends to
	socket   *socket
	port     int
	ctx      context.Context // ends when the session is closed
	cancel   context.CancelFunc
	lost     chan struct{}
	keys     chan byte

	mu      sync.Mutex
	closed  bool
	sdpID   uint64
	version uint64
	event   uint8 // the payload type of keys in our last description
	key     masterKey
	started bool
	peer    peer
	source  source
	heard   time.Time // when the peer's last packet came
	isLost  bool
	input   input

	ssrc      uint32
	seq       uint16
	clock     uint32 // of RTP, in round 0
	round     uint64 // the last one
	marker    bool   // the next packet is the first after a pause
	sound     *sound
	dialing   *dialing
	recording *recording
	timer     *timer
	cipher    *srtp.Context // of what is sent, or nil
	header    rtp.Header    // scratch of cipher
	decrypt   *decipher
	packet    [headerBytes + frameSamples + tagBytes]byte
	sealed    [headerBytes + frameSamples + tagBytes]byte
}

// Offer returns an offer to the peer, as SDP, with both directions active. Each offer has
// the next version.
func (s *Session) Offer() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.event = eventType
	return s.offer()
}

// Answer takes the peer's answer to the last offer, and media begins. An error means that
// the answer allows no call. It changes nothing then.
func (s *Session) Answer(sdp []byte) error {
	streams, err := parseSDP(sdp)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, p, err := s.choose(streams)
	if err != nil {
		return err
	}
	return s.begin(p)
}

// Reoffer takes an offer of the peer, such as that of a re-INVITE, and returns the answer.
// It may put the call on hold, resume it, or move the peer to another address. An error
// means that the offer is refused. It changes nothing then.
func (s *Session) Reoffer(sdp []byte) ([]byte, error) {
	streams, err := parseSDP(sdp)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, p, err := s.choose(streams)
	if err != nil {
		return nil, err
	}
	if err := s.begin(p); err != nil {
		return nil, err
	}
	if p.event != 0 {
		s.event = p.event
	}
	return s.answer(streams, i, &p), nil
}

// begin lets media flow with this peer. The caller must hold s.mu.
func (s *Session) begin(p peer) error {
	if s.closed {
		return net.ErrClosed
	}
	if s.settings.SRTP {
		if s.cipher == nil {
			var err error
			if s.cipher, err = newCipher(s.key); err != nil {
				return err
			}
		}
		if s.decrypt == nil || s.decrypt.key != p.crypto.key {
			s.decrypt = &decipher{key: p.crypto.key}
		}
	}
	if !s.started {
		s.drain()
	}
	now := time.Now()
	if p.addr != s.peer.addr {
		s.source = source{since: now}
	}
	s.peer, s.started, s.heard = p, true, now
	return nil
}

// Lost returns a channel that is closed after the peer has sent nothing for 20 s while it
// should have.
func (s *Session) Lost() <-chan struct{} { return s.lost }

// Heard returns when the callee was last louder than a quiet room, and the zero time if
// never.
func (s *Session) Heard() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.input.voice
}

// Close ends the session and closes its socket. It may be called more than once.
func (s *Session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed, s.started = true, false
	s.cancel()
	s.recording.end()
	_ = s.socket.close() // it is used no more
	s.engine.remove(s)
}

// EndRecording ends the recording. It returns a channel that is closed when
// [Settings.Record] has got everything. It may be called more than once.
func (s *Session) EndRecording() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recording.end()
	return s.recording.done
}

// target is where packets go.
func (s *Session) target() netip.AddrPort {
	if s.source.learned.IsValid() {
		return s.source.learned
	}
	return s.peer.addr
}
