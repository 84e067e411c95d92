package media

import (
	"testing"
)

// event is a packet of a key.
type event struct {
	key      byte
	marker   bool
	time     uint32
	duration uint16
	end      bool
}

// press returns the packets of a key as most senders write them: three of the key, and
// three of its end.
func press(key byte, time uint32) (events []event) {
	for i := range uint16(6) {
		events = append(events, event{key, i == 0, time, 160 * min(i+1, 4), i >= 3})
	}
	return events
}

func (c *callee) event(kind uint8, e event) []byte {
	flags := byte(10) // the volume
	if e.end {
		flags |= 0x80
	}
	return c.packet(kind, e.marker, e.time, []byte{e.key, flags, byte(e.duration >> 8), byte(e.duration)})
}

func without(events []event, drop func(i int, e *event) bool) (left []event) {
	for i, e := range events {
		if !drop(i, &e) {
			left = append(left, e)
		}
	}
	return left
}

// TestKeysOfSenders has the ways in which senders write keys (RFC 4733). After each, the
// key # tells that there is nothing more.
func TestKeysOfSenders(t *testing.T) {
	t.Parallel()
	twice := append(press(5, 1000), press(5, 3000)...)
	late := append(press(5, 1000), press(6, 3000)...)
	late = append(late, press(5, 1000)[4:]...)
	tests := map[string]struct {
		events []event
		kind   uint8
		want   string
	}{
		"usual":            {press(5, 1000), 101, "5"},
		"same key twice":   {twice, 101, "55"},
		"duration 0 first": {append([]event{{key: 5, marker: true, time: 1000}}, press(5, 1000)...), 101, "5"},
		"no marker":        {without(twice, func(_ int, e *event) bool { e.marker = false; return false }), 101, "55"},
		"start lost":       {without(twice, func(_ int, e *event) bool { return e.marker }), 101, "55"},
		"end lost":         {without(twice, func(_ int, e *event) bool { return e.end }), 101, "55"},
		"only the end":     {without(twice, func(_ int, e *event) bool { return !e.end }), 101, "55"},
		"one packet":       {press(5, 1000)[3:4], 101, "5"},
		"their number":     {twice, 96, "55"},
		"late packets":     {late, 101, "56"},
		"timestamps wrap":  {append(press(1, 1<<32-800), press(2, 800)...), 101, "12"},
		"star, hash":       {append(press(10, 1000), press(11, 3000)...), 101, "*#"},
		"no telephone's":   {append(press(16, 1000), press(12, 3000)...), 101, ""},
	}
	e := newEngine(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t, e, Settings{})
			c := newCallee(t)
			c.to = addressOf(t, s.Offer())
			// The callee wants to get keys with another number than it sends them with.
			if err := s.Answer(c.sdp("127.0.0.1", c.port(), "8 96", "rtpmap:96 telephone-event/8000")); err != nil {
				t.Fatal(err)
			}
			c.time = 500
			for _, e := range test.events {
				c.send(c.event(test.kind, e))
				c.speak(0xD5)
			}
			for _, e := range press(11, 20000) {
				c.send(c.event(test.kind, e))
			}
			expectKeys(t, s, test.want+"#")
		})
	}
}

// TestKeysByInfo has keys of SIP INFO: those that count, and those of trunks that send
// each key as RTP too.
func TestKeysByInfo(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	s := newSession(t, e, Settings{})
	for _, key := range []byte("1x\x00A2") {
		s.Key(key)
	}
	expectKeys(t, s, "12")

	s = newSession(t, e, Settings{})
	c := newCallee(t)
	if err := s.Answer(c.answer(s.Offer())); err != nil {
		t.Fatal(err)
	}
	for i, key := range []byte{7, 8} {
		for _, e := range press(key, uint32(1000+i*2000)) {
			c.send(c.event(101, e))
		}
		expectKeys(t, s, string('0'+key))
		s.Key('0' + key)
	}
	for _, e := range press(11, 9000) {
		c.send(c.event(101, e))
	}
	expectKeys(t, s, "#")
}
