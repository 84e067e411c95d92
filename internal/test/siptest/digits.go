package siptest

import (
	"encoding/binary"
	"strings"
	"time"
)

// Sender is how a telephone sends digits by RFC 4733. The zero Sender does as the
// standard says.
type Sender struct {
	Type      int  // the payload type; that of the caller if it is 0
	NoMarker  bool // no packet has the marker
	FromZero  bool // the first packet has duration 0, as those of SIPp do
	StartLost bool // the packets before the end are lost
	EndLost   bool // those with the end bit are lost
	Steady    bool // the duration never grows
}

// Press presses keys as a person does, each for 100 ms with 60 ms between them.
func (m *Media) Press(keys string, s Sender) {
	m.mu.Lock()
	if s.Type == 0 {
		s.Type = m.remote.events
	}
	m.mu.Unlock()
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for i := range len(keys) {
		const packets = 5
		timestamp := m.clock((packets + 3) * Frame)
		for n := range packets + 3 {
			ends := n >= packets
			if ends && s.EndLost || !ends && s.StartLost {
				continue
			}
			duration := uint16(min(n+1, packets) * Frame)
			if s.FromZero {
				duration -= Frame
			}
			if s.Steady {
				duration = Frame
			}
			m.Send(s.Type, n == 0 && !s.NoMarker, timestamp, Event(keys[i], ends, duration))
			if !ends || n == packets+2 {
				select {
				case <-pace.C:
				case <-m.line.over.Done():
					return
				}
			}
		}
	}
}

// Event returns the payload of a digit (RFC 4733, 2.3). Duration is in samples.
func Event(key byte, ends bool, duration uint16) []byte {
	b := []byte{byte(strings.IndexByte("0123456789*#ABCD", key)), 10, 0, 0}
	if ends {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], duration)
	return b
}
