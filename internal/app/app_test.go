package app_test

import (
	"runtime"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestLastUse: a running server writes down when keys were last used, every few
// seconds and when it stops.
func TestLastUse(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(time.Unix(1_753_000_000, 0))
	opts := servertest.Options{Path: servertest.NewDatabase(t), Clock: clock}
	s := servertest.Start(t, opts)
	c := s.Account("demo")
	used := func() time.Time {
		t.Helper()
		keys, err := s.Directory.Keys(t.Context(), "demo")
		if err != nil || len(keys) != 1 {
			t.Fatalf("the keys are %v, %v", keys, err)
		}
		return keys[0].LastUsed
	}
	c.Total()
	first := clock.Now()
	for deadline := time.Now().Add(2 * time.Minute); !used().Equal(first); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("the first use was not written down")
		}
		clock.Add(5 * time.Second)
	}
	clock.Add(time.Second)
	last := clock.Now()
	c.Total()
	s.Stop()
	s = servertest.Start(t, opts)
	if got := used(); !got.Equal(last) {
		t.Errorf("after a stop the last use is %v, want %v", got, last)
	}
}
