package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/clock"
)

// TestFast: a clock that is sixty times as fast shows an hour and ticks once while
// another one shows a minute.
func TestFast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		f := clock.NewFast(clock.System, begun.Add(-time.Hour), 60)
		if !f.Now().Equal(begun) {
			t.Errorf("it begins at %v, not at %v", f.Now(), begun)
		}
		<-f.Tick(time.Hour)
		if real, fast := time.Since(begun), f.Now().Sub(begun); real != time.Minute || fast != time.Hour {
			t.Errorf("a tick of an hour came after %v, when it showed %v", real, fast)
		}
		if next := clock.NewFast(clock.System, f.Now(), 60); !next.Now().Equal(f.Now()) {
			t.Errorf("one that goes on from %v begins at %v", f.Now(), next.Now())
		}
	})
}
