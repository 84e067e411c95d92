package media

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"time"
)

// headerBytes is the size of the headers that are sent (RFC 3550).
const headerBytes = 12

// errBusy means that two sounds were to be played at a time.
var errBusy = errors.New("media: another sound is playing")

// sound is a sound that is playing.
type sound struct {
	samples []int16 // what is left
	done    chan struct{}
}

// timer is a timeout that stands still on hold.
type timer struct {
	left time.Duration
	done chan struct{}
}

// Play plays samples, of which there are 8,000 a second. It returns nil once the last one
// was sent, or an error if ctx ends or the session is closed before. It may be called
// before the session begins, and waits then. The caller must not modify the samples
// meanwhile. Only one sound can be played at a time.
func (s *Session) Play(ctx context.Context, samples []int16) error {
	p, err := s.play(samples)
	if err != nil {
		return err
	}
	defer s.stop(p)
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ctx.Done():
		return net.ErrClosed
	}
}

// play begins to play samples. The sound's channel is closed after the last one.
func (s *Session) play(samples []int16) (*sound, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sound != nil {
		return nil, errBusy
	}
	s.sound = &sound{samples: samples, done: make(chan struct{})}
	s.marker = true
	return s.sound, nil
}

// stop ends a sound, if it is playing still.
func (s *Session) stop(p *sound) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sound == p {
		s.sound = nil
	}
}

// after returns a channel that is closed after this much time, not counting holds. It
// replaces the previous timer, whose channel is not closed then.
func (s *Session) after(d time.Duration) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = &timer{left: d, done: make(chan struct{})}
	return s.timer.done
}

// tick is called by the pacer in each round, and sends a packet if there is one to send.
// Sound that the pacer had to skip is not lost: it goes on where it stood.
func (s *Session) tick(round uint64, now time.Time) (sent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started {
		return false
	}
	passed := round - s.round
	if s.round == 0 || passed > 1 {
		s.marker = true
	}
	first := s.round == 0
	s.round = round
	if s.peer.held() {
		s.marker = true
		return false
	}
	if s.timer != nil && !first {
		if s.timer.left -= time.Duration(passed) * frameTime; s.timer.left <= 0 {
			close(s.timer.done)
			s.timer = nil
		}
	}
	s.checkLost(now)
	clock := s.clock + uint32(round)*frameSamples
	var frame []byte
	if begun, size := s.nextKey(clock); size > 0 {
		s.send(s.peer.event, begun, size)
	} else {
		frame = s.nextFrame()
		s.send(s.peer.kind, clock, frameSamples)
	}
	s.recording.mix(s.peer.law, frame)
	return true
}

// checkLost notices when the peer has stopped to send.
func (s *Session) checkLost(now time.Time) {
	if s.peer.direction&sends == 0 {
		s.heard = now
	}
	if !s.isLost && now.Sub(s.heard) >= s.engine.lostAfter {
		s.isLost = true
		close(s.lost)
	}
}

// nextFrame writes the sound of the next packet behind the place of its header, and
// returns it. Without a sound that is silence, because many trunks end calls in which
// nothing comes.
func (s *Session) nextFrame() []byte {
	var samples []int16
	switch p := s.sound; {
	case p == nil || s.dialing != nil:
	case len(p.samples) == 0:
		close(p.done)
		s.sound = nil
	default:
		n := min(frameSamples, len(p.samples))
		samples, p.samples = p.samples[:n], p.samples[n:]
	}
	frame := s.packet[headerBytes : headerBytes+frameSamples]
	s.peer.law.encode(frame, samples)
	return frame
}

// send sends the packet whose payload is written already, with this type, RTP timestamp
// and size. A packet that cannot be sent is lost, like one that gets lost on its way.
func (s *Session) send(kind uint8, timestamp uint32, size int) {
	s.seq++
	b := s.packet[:headerBytes+size]
	b[0], b[1] = 2<<6, kind
	if s.marker {
		b[1] |= 1 << 7
		s.marker = false
	}
	binary.BigEndian.PutUint16(b[2:], s.seq)
	binary.BigEndian.PutUint32(b[4:], timestamp)
	binary.BigEndian.PutUint32(b[8:], s.ssrc)
	if s.cipher != nil {
		var err error
		if b, err = s.cipher.EncryptRTP(s.sealed[:0], b, &s.header); err != nil {
			return
		}
	}
	s.socket.write(b, s.target())
}
