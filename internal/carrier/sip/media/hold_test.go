package media

import (
	"strings"
	"testing"
	"time"
)

// TestHold puts a call on hold in each of the ways, amid a sound of 200 packets and a
// timeout. The callee must hear nothing meanwhile, and all 200 packets in the end.
func TestHold(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]func(c *callee) []byte{
		"sendonly": func(c *callee) []byte { return c.sdp("127.0.0.1", c.port(), "8 101", "sendonly") },
		"inactive": func(c *callee) []byte { return c.sdp("127.0.0.1", c.port(), "8 101", "inactive") },
		"0.0.0.0":  func(c *callee) []byte { return c.sdp("0.0.0.0", c.port(), "8 101") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, 200*time.Millisecond)
			s := newSession(t, e, Settings{})
			c := newCallee(t)
			if err := s.Answer(c.answer(s.Offer(), "recvonly")); err != nil {
				t.Fatal(err)
			}
			const frames = 200
			playing, err := s.play(tone(frames))
			if err != nil {
				t.Fatal(err)
			}
			timeout := s.after(frames * frameTime)
			c.until("some sound", func(got []received) bool { return loudFrames(got) >= 5 })
			if _, err := s.Reoffer(hold(c)); err != nil {
				t.Fatal(err)
			}
			held := time.Now()
			expectPause(t, c, 400*time.Millisecond)
			select {
			case <-playing.done:
				t.Error("the sound ended on hold")
			case <-timeout:
				t.Error("the timeout ended on hold")
			case <-s.Lost():
				t.Error("the session was lost on hold")
			default:
			}
			lasted := time.Since(held)
			answer, err := s.Reoffer(c.sdp("127.0.0.1", c.port(), "8 101", "recvonly"))
			if err != nil || !strings.Contains(string(answer), "a=sendonly") {
				t.Fatalf("resume: %v\n%s", err, answer)
			}
			<-playing.done
			<-timeout
			got := c.until("silence", func(got []received) bool { return got[len(got)-1].silent() })
			if n := loudFrames(got); n != frames {
				t.Errorf("the callee heard %d of %d packets", n, frames)
			}
			var longest time.Duration
			for i, r := range got[1:] {
				// A busy machine makes pauses too.
				gap := time.Duration(r.timestamp-got[i].timestamp) * time.Second / 8000
				if longest = max(longest, gap); gap > frameTime && !r.marker {
					t.Errorf("after a pause of %v, the packet has no marker", gap)
				}
			}
			if longest < lasted-100*time.Millisecond {
				t.Errorf("after the hold of %v, the clock of RTP had gone on by %v", lasted, longest)
			}
		})
	}
}

// expectPause waits for a time in which the callee gets nothing, once the packets on their way
// have come.
func expectPause(t *testing.T, c *callee, pause time.Duration) {
	t.Helper()
	late := time.After(patience)
	for quiet := time.NewTimer(pause); ; {
		select {
		case <-c.new:
			quiet.Reset(pause)
		case <-quiet.C:
			return
		case <-late:
			t.Fatal("packets come on hold")
		}
	}
}

// TestOurOffer has a re-INVITE without a description: we offer, and the answer puts the
// call on hold or resumes it.
func TestOurOffer(t *testing.T) {
	t.Parallel()
	s := newSession(t, newEngine(t), Settings{})
	c := newCallee(t)
	if err := s.Answer(c.answer(s.Offer(), "inactive")); err != nil {
		t.Fatal(err)
	}
	played := make(chan error, 1)
	go func() { played <- s.Play(t.Context(), tone(5)) }()
	expectPause(t, c, 100*time.Millisecond)
	if err := s.Answer(c.answer(s.Offer())); err != nil {
		t.Fatal(err)
	}
	c.until("the sound", func(got []received) bool { return loudFrames(got) == 5 })
	if err := <-played; err != nil {
		t.Error(err)
	}
}

// TestMove moves the callee to another address and law in the middle of a sound.
func TestMove(t *testing.T) {
	t.Parallel()
	s := newSession(t, newEngine(t), Settings{})
	c, moved := newCallee(t), newCallee(t)
	if err := s.Answer(c.answer(s.Offer())); err != nil {
		t.Fatal(err)
	}
	playing, err := s.play(tone(20))
	if err != nil {
		t.Fatal(err)
	}
	before := c.until("some sound", func(got []received) bool { return loudFrames(got) >= 5 })
	if _, err := s.Reoffer(moved.sdp("127.0.0.1", moved.port(), "0")); err != nil {
		t.Fatal(err)
	}
	<-playing.done
	got := moved.until("silence", func(got []received) bool { return len(got) > 0 && got[len(got)-1].silent() })
	c.until("the packets before the move", func(first []received) bool { return loudFrames(first)+loudFrames(got) == 20 })
	if got[0].kind != 0 || before[0].kind != 8 {
		t.Errorf("the types are %d and then %d, want 8 and 0", before[0].kind, got[0].kind)
	}
}
