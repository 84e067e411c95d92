package media

import (
	"errors"
	"strings"
	"testing"
)

// TestSendKeys presses keys amid a sound, of which the callee must miss nothing. The
// callee wants them under its own number.
func TestSendKeys(t *testing.T) {
	t.Parallel()
	s := newSession(t, newEngine(t), Settings{})
	c := newCallee(t)
	c.to = addressOf(t, s.Offer())
	if err := s.SendKeys(t.Context(), "1"); !errors.Is(err, ErrNoKeys) {
		t.Errorf("before the answer: %v", err)
	}
	if err := s.Answer(c.sdp("127.0.0.1", c.port(), "8 96", "rtpmap:96 telephone-event/8000")); err != nil {
		t.Fatal(err)
	}
	playing, err := s.play(tone(20))
	if err != nil {
		t.Fatal(err)
	}
	c.until("some sound", func(got []received) bool { return loudFrames(got) >= 5 })
	if err := s.SendKeys(t.Context(), "7x"); err == nil {
		t.Error("x is a key")
	}
	if err := s.SendKeys(t.Context(), "77#"); err != nil {
		t.Fatal(err)
	}
	<-playing.done
	got := c.until("silence after the sound", func(got []received) bool { return got[len(got)-1].silent() && got[len(got)-1].kind == 8 })
	var keys strings.Builder
	frames, ends, begun := 0, 0, uint32(0)
	for _, r := range got {
		if r.kind == 8 {
			if !r.silent() {
				frames++
			}
			continue
		}
		if r.kind != 96 || len(r.payload) != 4 {
			t.Fatalf("a packet has type %d and %d bytes", r.kind, len(r.payload))
		}
		if r.marker != (keys.Len() == 0 || r.timestamp != begun) {
			t.Errorf("the marker is %v at %d", r.marker, r.timestamp)
		}
		if r.marker {
			keys.WriteByte(telephoneKeys[r.payload[0]])
			begun = r.timestamp
		}
		if r.payload[1]&0x80 != 0 {
			ends++
		}
	}
	if keys.String() != "77#" || ends != 9 || frames != 20 {
		t.Errorf("the callee heard the keys %s with %d ends, and %d packets of 20", keys.String(), ends, frames)
	}
	// A peer without keys.
	if err := s.Answer(c.sdp("127.0.0.1", c.port(), "8")); err != nil {
		t.Fatal(err)
	}
	if err := s.SendKeys(t.Context(), "1"); !errors.Is(err, ErrNoKeys) {
		t.Errorf("with a peer that takes no keys: %v", err)
	}
}
