package media

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestKeeping: two bad seconds in a row, and the pacer is behind, until two good ones in a
// row.
func TestKeeping(t *testing.T) {
	t.Parallel()
	var k keeping
	now, sent, late := time.Now(), uint64(0), uint64(0)
	k.judge(now, 0, 0)
	for i, tt := range []struct {
		sent, late uint64
		behind     bool
	}{
		{5000, 0, false},
		{5000, 5000, false}, // a moment
		{5000, 250, false},  // just fine, so the next is the first in a row again
		{5000, 251, false},
		{5000, 251, true},
		{5000, 100, true},
		{5000, 50, true},
		{5000, 51, true}, // neither good nor bad
		{5000, 0, true},
		{5000, 50, false},
		{50, 39, false}, // few calls
		{50, 39, false},
		{50, 50, false},
		{50, 50, true},
		{0, 0, true},
		{0, 0, false}, // no call at all
		{0, 0, false},
	} {
		now, sent, late = now.Add(pacePeriod), sent+tt.sent, late+tt.late
		k.judge(now, sent, late)
		k.judge(now.Add(pacePeriod/2), sent+1000, late+1000) // in the midst of a period
		if got := k.behind.Load(); got != tt.behind {
			t.Errorf("after second %d, behind is %v", i, got)
		}
	}
}

// TestBehind: an engine whose packets leave late for seconds says so, and that it has
// caught up.
func TestBehind(t *testing.T) {
	t.Parallel()
	var lag atomic.Int64
	e, err := Open(Options{First: 20000, Last: 31999, Bind: loopback, Now: func() time.Time { return time.Now().Add(time.Duration(lag.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	start(t, e)
	s := newSession(t, e, Settings{})
	c := newCallee(t)
	if err := s.Answer(c.answer(s.Offer())); err != nil {
		t.Fatal(err)
	}
	await := func(behind bool) {
		t.Helper()
		for late := time.Now().Add(patience); e.Stats().Behind != behind; time.Sleep(time.Millisecond) {
			if time.Now().After(late) {
				t.Fatalf("%+v", e.Stats())
			}
		}
	}
	lag.Store(int64(2 * frameTime))
	await(true)
	lag.Store(-int64(time.Hour))
	await(false)
}
