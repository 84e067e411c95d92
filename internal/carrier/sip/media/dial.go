package media

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
)

// The packets of a key that is sent (RFC 4733). Its end is sent three times, because
// packets get lost. Then comes a pause, without which some peers read one key for two.
const (
	keyPackets = 8
	keyEnds    = 3
	keyPause   = 5
	keyVolume  = 10 // dB below the loudest tone
)

// ErrNoKeys means that the peer's description does not allow to send keys as RTP.
var ErrNoKeys = errors.New("media: the peer takes no keys")

// dialing is what is left of keys that are being sent.
type dialing struct {
	events []byte
	packet uint16 // of the first key: how many were sent
	begun  uint32 // the RTP timestamp of the first key
	done   chan struct{}
}

// SendKeys presses keys: digits, * and #. A key takes about a quarter of a second.
// It returns nil once the last one was sent, or an error if ctx ends or the session is
// closed before. While it lasts, sounds stand still. It returns [ErrNoKeys] if the peer
// takes none. It must not be called twice at a time.
func (s *Session) SendKeys(ctx context.Context, keys string) error {
	d := &dialing{done: make(chan struct{})}
	for _, key := range []byte(keys) {
		i := strings.IndexByte(telephoneKeys, key)
		if i < 0 {
			return fmt.Errorf("media: %q is no key of a telephone", key)
		}
		d.events = append(d.events, byte(i))
	}
	s.mu.Lock()
	if !s.started || s.peer.event == 0 {
		s.mu.Unlock()
		return ErrNoKeys
	}
	s.dialing = d
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.dialing == d {
			s.dialing = nil
		}
	}()
	select {
	case <-d.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ctx.Done():
		return net.ErrClosed
	}
}

// nextKey writes the payload of the next packet of a key. It returns its size, or 0 in the
// pause after a key and when there is none. The timestamp is that of the key's beginning.
func (s *Session) nextKey(now uint32) (timestamp uint32, size int) {
	d := s.dialing
	if d == nil {
		return 0, 0
	}
	if d.packet == keyPackets+keyEnds-1+keyPause {
		d.events, d.packet = d.events[1:], 0
	}
	if len(d.events) == 0 || s.peer.event == 0 {
		close(d.done)
		s.dialing = nil
		return 0, 0
	}
	if d.packet == 0 {
		d.begun, s.marker = now, true
	}
	d.packet++
	if d.packet >= keyPackets+keyEnds {
		return 0, 0
	}
	payload := s.packet[headerBytes : headerBytes+eventBytes]
	payload[0], payload[1] = d.events[0], keyVolume
	if d.packet >= keyPackets {
		payload[1] |= endOfEvent
	}
	binary.BigEndian.PutUint16(payload[2:], min(d.packet, keyPackets)*frameSamples)
	return d.begun, eventBytes
}
