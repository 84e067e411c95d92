package clocktest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/clock"
	"callbook/internal/clock/clocktest"
)

// ticked tells whether a tick is there, and takes it.
func ticked(c <-chan time.Time) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_753_000_000, 0)
	c := clocktest.New(start)
	tick := c.Tick(time.Minute)
	for _, step := range []struct {
		by   time.Duration
		want bool
	}{{0, false}, {time.Minute - 1, false}, {1, true}, {59 * time.Second, false}, {time.Hour, true}, {-time.Hour, false}, {0, false}} {
		c.Add(step.by)
		if got := ticked(tick); got != step.want {
			t.Errorf("at %v: ticked is %v", c.Now().Sub(start), got)
		}
	}
	c.Add(2 * time.Hour)
	c.Add(2 * time.Hour)
	if !ticked(tick) || ticked(tick) {
		t.Error("a slow receiver gets not one tick")
	}
}

// TestSystem: the machine's clock, and one that a function shows, tick by
// themselves.
func TestSystem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []clock.Clock{clock.System, clocktest.Func(time.Now)} {
			begun, tick := time.Now(), c.Tick(time.Minute)
			if !c.Now().Equal(begun) {
				t.Errorf("it shows %v at %v", c.Now(), begun)
			}
			if at := <-tick; at.Sub(begun) != time.Minute {
				t.Errorf("it ticks after %v", at.Sub(begun))
			}
		}
	})
}
