package media

import "strings"

const (
	// mostKeys bounds the keys that wait to be taken.
	mostKeys = 64
	// telephoneKeys are those of RFC 4733 by their numbers. Others are on no telephone.
	telephoneKeys = "0123456789*#"
	// eventBytes is the size of a packet's payload that tells of a key, and endOfEvent the
	// bit of the second byte that tells of its end.
	eventBytes = 4
	endOfEvent = 1 << 7
	// oldEvent is how far the timestamp of a packet may lie behind that of the last key
	// to count as late, and not as that of another sender: 5 s.
	oldEvent = 5 * 8000
)

// Keys returns the keys that the callee presses: digits, * and #. It keeps a few that
// nobody takes, and drops the others.
func (s *Session) Keys() <-chan byte { return s.keys }

// Key takes a key that came in a SIP INFO request. It is ignored if keys of this call came
// as RTP, because some trunks send both. Keys that are on no telephone are ignored too.
func (s *Session) Key(key byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.input.keyed || strings.IndexByte(telephoneKeys, key) < 0 {
		return
	}
	s.input.info = true
	s.press(key)
}

// isEvent reports whether packets of this payload type are keys. Peers should use the
// number of our description, and some use theirs.
func (s *Session) isEvent(kind uint8) bool {
	const firstDynamic = 96
	return kind >= firstDynamic && kind != s.peer.kind && (kind == s.event || kind == eventType || kind == s.peer.event)
}

// hearEvent handles a packet of a key (RFC 4733). Several packets tell of each key, with
// the timestamp of its beginning. The first that arrives counts, whatever it says of the
// marker, the duration and the end, because senders differ and packets get lost.
func (s *Session) hearEvent(payload []byte) {
	if len(payload) < eventBytes || int(payload[0]) >= len(telephoneKeys) {
		return
	}
	in := &s.input
	at := in.header.Timestamp
	if in.keyed && in.ssrc == in.header.SSRC {
		if behind := int32(in.keyTime - at); behind >= 0 && behind < oldEvent {
			return
		}
	}
	in.keyed, in.keyTime, in.ssrc = true, at, in.header.SSRC
	if !in.info {
		s.press(telephoneKeys[payload[0]])
	}
}

// press passes a key on.
func (s *Session) press(key byte) {
	select {
	case s.keys <- key:
	default:
	}
}
