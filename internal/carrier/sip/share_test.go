package sip

import (
	"testing"
	"time"

	"callbook/internal/trunk"
)

// TestPortion: a trunk that is shared takes no more than its share, and nothing once that has
// run out. A call after a pause asks for a renewal.
func TestPortion(t *testing.T) {
	t.Parallel()
	now := time.Now()
	hungry := make(chan struct{}, 1)
	l := lineOf(trunk.Trunk{Name: "one", Channels: 10, CallsASecond: 10})
	l.load.share(hungry)
	asks := func(why string, want int) {
		t.Helper()
		if len(hungry) != want {
			t.Errorf("%s: asks for a renewal %d times", why, len(hungry))
		}
		for len(hungry) > 0 {
			<-hungry
		}
	}
	takes := func(why string, at time.Time, want bool) {
		t.Helper()
		if err := l.take(at); (err == nil) != want || err != nil && err.After <= 0 {
			t.Errorf("%s: %v", why, err)
		}
	}
	takes("before the first share", now, false)
	asks("before the first share", 1)
	l.load.allow(trunk.Share{Channels: 2, Pace: 2000}, now)
	takes("one call", now, true)
	takes("one more in the same moment", now.Add(time.Millisecond), false)
	takes("half a second later", now.Add(500*time.Millisecond), true)
	takes("a third", now.Add(time.Second), false)
	asks("while calls come", 0)
	if u := l.load.use(&l.trunk, now.Add(time.Second)); u.Busy != 2 || u.Limit.Channels != 2 || !u.Wants || u.Channels != 10 || u.CallsASecond != 10 {
		t.Errorf("the use is %+v", u)
	}
	l.load.give()
	last := now.Add(shareFor - time.Millisecond)
	if err := l.load.lapsed(last); err != nil {
		t.Error(err)
	}
	takes("at last", last, true)
	l.load.give()
	for why, at := range map[string]time.Time{
		"too late":                    now.Add(shareFor),
		"after the machine has slept": now.Round(0).Add(shareFor),
	} {
		if err := l.load.lapsed(at); err == nil {
			t.Errorf("%s, a call may leave", why)
		}
		takes(why, at, false)
	}
	asks("when the share has run out", 0)
	if u := l.load.use(&l.trunk, now.Add(time.Hour)); u.Busy != 1 || u.Limit != (trunk.Share{}) || u.Wants {
		t.Errorf("the use is %+v", u)
	}
	takes("much later", now.Add(time.Hour), false)
	asks("much later", 1)
}
