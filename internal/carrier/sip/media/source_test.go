package media

import (
	"runtime"
	"testing"
	"time"
)

// TestStranger has RTP from another address than that of the description: it must not
// count, whatever it says, while the callee sends.
func TestStranger(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	for _, settings := range []Settings{{}, {Symmetric: true}} {
		s := newSession(t, e, settings)
		c, stranger := newCallee(t), newCallee(t)
		if err := s.Answer(c.answer(s.Offer())); err != nil {
			t.Fatal(err)
		}
		stranger.to = c.to
		for range 3 {
			c.speak(0xD5)
			for _, e := range press(9, stranger.time+1000) {
				c.speak(0xD5)
				stranger.send(stranger.event(101, e))
				stranger.speak(0x2A)
			}
			stranger.time += 5000
		}
		for _, e := range press(1, 1000) {
			c.send(c.event(101, e))
		}
		expectKeys(t, s, "1")
		if !s.Heard().IsZero() {
			t.Error("the voice of a stranger counted")
		}
	}
}

// TestEarly has keys before the answer. They are not for the flow.
func TestEarly(t *testing.T) {
	t.Parallel()
	s := newSession(t, newEngine(t), Settings{Symmetric: true})
	c := newCallee(t)
	answer := c.answer(s.Offer())
	c.send(c.event(101, event{key: 9, time: 1000}))
	c.send(c.event(101, event{key: 9, time: 3000}))
	if err := s.Answer(answer); err != nil {
		t.Fatal(err)
	}
	c.send(c.event(101, event{key: 1, time: 5000}))
	expectKeys(t, s, "1")
}

// TestSymmetric has a callee whose description names a wrong address. It is taken once,
// after the address in the description was silent, and forgotten when that sends.
func TestSymmetric(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	s := newSession(t, e, Settings{Symmetric: true})
	right, named, third := newCallee(t), newCallee(t), newCallee(t)
	if err := s.Answer(named.answer(s.Offer())); err != nil {
		t.Fatal(err)
	}
	right.to, third.to = named.to, named.to
	begun := time.Now()
	pace := time.NewTicker(frameTime)
	defer pace.Stop()
	for received := false; !received; {
		right.speak(0xD5)
		select {
		case <-right.new:
			received = true
		case <-pace.C:
		}
	}
	if took := time.Since(begun); took < learnAfter {
		t.Errorf("another address was taken after %v", took)
	}
	third.send(third.event(101, event{key: 9, time: 1000}))
	right.send(right.event(101, event{key: 1, time: 1000}))
	expectKeys(t, s, "1")

	named.send(named.event(101, event{key: 2, time: 1000}))
	expectKeys(t, s, "2")
	right.send(right.event(101, event{key: 3, time: 9000}))
	named.send(named.event(101, event{key: 4, time: 9000}))
	expectKeys(t, s, "4")
	sent := len(named.until("", func([]received) bool { return true }))
	named.until("sound at the named address", func(got []received) bool { return len(got) > sent })
}

// TestNotSymmetric has the same callee at a trunk that is not symmetric.
func TestNotSymmetric(t *testing.T) {
	t.Parallel()
	s := newSession(t, newEngine(t), Settings{})
	right, named := newCallee(t), newCallee(t)
	if err := s.Answer(named.answer(s.Offer())); err != nil {
		t.Fatal(err)
	}
	right.to = named.to
	// More than learnAfter of packets, by the pace of what the callee gets.
	named.until("30 packets", func(got []received) bool { return len(got) >= 30 })
	right.send(right.event(101, event{key: 9, time: 1000}))
	named.send(named.event(101, event{key: 1, time: 1000}))
	expectKeys(t, s, "1")
}

// TestLost has a callee who stops sending.
func TestLost(t *testing.T) {
	t.Parallel()
	const lost = 3 * time.Second
	s := newSession(t, newEngine(t, lost), Settings{})
	c := newCallee(t)
	if err := s.Answer(c.answer(s.Offer())); err != nil {
		t.Fatal(err)
	}
	var spoke time.Time
	pace := time.NewTicker(frameTime)
	defer pace.Stop()
	for range 3 * lost / 2 / frameTime {
		c.speak(0x2A)
		spoke = time.Now()
		select {
		case <-s.Lost():
			t.Fatal("the session was lost while packets came")
		case <-pace.C:
		}
	}
	select {
	case <-s.Lost():
	case <-time.After(patience):
		t.Fatal("the session was not lost")
	}
	if took := time.Since(spoke); took < lost-frameTime {
		t.Errorf("it was lost after %v", took)
	}
	if heard := s.Heard(); heard.Before(spoke.Add(-time.Second)) || heard.After(time.Now()) {
		t.Errorf("the voice was heard at %v, and it spoke until %v", heard, spoke)
	}
}

// TestFlood has strangers who send more than is read of one session. Another session goes
// on, and so does this one while they send less.
func TestFlood(t *testing.T) {
	t.Parallel()
	e, err := Open(Options{First: 20000, Last: 31999, Bind: loopback})
	if err != nil {
		t.Fatal(err)
	}
	flooded, s := newSession(t, e, Settings{}), newSession(t, e, Settings{})
	c, stranger := newCallee(t), newCallee(t)
	if err := s.Answer(c.answer(s.Offer())); err != nil {
		t.Fatal(err)
	}
	stranger.to = addressOf(t, flooded.Offer())
	its := newCallee(t)
	if err := flooded.Answer(its.answer(flooded.Offer())); err != nil {
		t.Fatal(err)
	}
	for range mostHeard * 3 / 4 {
		stranger.speak(0x2A)
	}
	for _, e := range press(2, 1000) {
		its.send(its.event(101, e))
	}
	buf := make([]byte, largestPacket)
	for len(flooded.keys) == 0 {
		if flooded.hear(buf, time.Now()) == 0 {
			runtime.Gosched()
		}
	}
	expectKeys(t, flooded, "2")
	for range 3 * mostHeard {
		stranger.speak(0x2A)
	}
	read := 0
	for read == 0 {
		read = flooded.hear(buf, time.Now())
	}
	if read > mostHeard {
		t.Errorf("in one round, %d packets of strangers are read, want %d at most", read, mostHeard)
	}
	start(t, e)
	for _, e := range press(1, 1000) {
		c.send(c.event(101, e))
	}
	expectKeys(t, s, "1")
}
