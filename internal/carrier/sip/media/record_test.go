package media

import (
	"testing"
	"time"
)

// TestRecord records a call in which first the flow speaks and then the callee, for more
// than a second in all. Each is heard in the recording for as long as it spoke.
func TestRecord(t *testing.T) {
	t.Parallel()
	var recorded []int16
	ended := make(chan struct{})
	s := newSession(t, newEngine(t), Settings{Record: func(samples []int16) {
		if samples == nil {
			close(ended)
			return
		}
		recorded = append(recorded, samples...)
	}})
	c := newCallee(t)
	if err := s.Answer(c.answer(s.Offer())); err != nil {
		t.Fatal(err)
	}
	const spoken, answered = 60, 10
	if err := s.Play(t.Context(), tone(spoken)); err != nil {
		t.Fatal(err)
	}
	const loudest = 0x2A
	for range answered {
		<-c.new
		c.speak(loudest)
	}
	got := len(c.until("", func([]received) bool { return true }))
	c.until("the end", func(now []received) bool { return len(now) > got+2*answered })
	s.Close()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the recording does not end")
	}
	var flow, callee int
	for _, sample := range recorded {
		switch l := s.peer.law; {
		case sample == l.decoded[loudest], sample == l.decoded[loudest]+l.decoded[l.silence]:
			callee++
		case sample > 3500:
			flow++
		}
	}
	if flow != spoken*frameSamples || callee != answered*frameSamples {
		t.Errorf("the recording has %d samples of the flow and %d of the callee, want %d and %d", flow, callee, spoken*frameSamples, answered*frameSamples)
	}
}
