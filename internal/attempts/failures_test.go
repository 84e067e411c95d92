package attempts_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/attempts"
	"callbook/internal/clock"
	"callbook/internal/fault"
)

const (
	burst = 10
	every = 6 * time.Second
)

var here = netip.MustParseAddr("192.0.2.1")

func newLimit() *attempts.Failures { return attempts.New(burst, every, clock.System, "too often") }

// fails tries once, and tells whether the limit let the failure through.
func fails(t *testing.T, f *attempts.Failures, from netip.Addr) bool {
	t.Helper()
	a, err := f.Begin(t.Context(), from)
	if err != nil {
		refused(t, err)
		return false
	}
	a.End(true)
	return true
}

func refused(t *testing.T, err error) {
	t.Helper()
	if is := fault.As(err); is == nil || is.Kind != fault.TooMany || is.Detail != "too often" || is.RetryAfter != every {
		t.Errorf("the error is %v", err)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newLimit()
		for i := range burst {
			if !fails(t, f, here) {
				t.Fatalf("failure %d is refused", i+1)
			}
			a, err := f.Begin(t.Context(), netip.MustParseAddr("192.0.2.2"))
			if err != nil {
				t.Fatal(err)
			}
			a.End(false)
		}
		if fails(t, f, here) {
			t.Error("one failure too many")
		}
		if fails(t, f, netip.MustParseAddr("::ffff:192.0.2.1")) {
			t.Error("the same address, in the form of IPv6, is another")
		}
		time.Sleep(every - 1)
		if fails(t, f, here) {
			t.Error("a token is back too early")
		}
		time.Sleep(time.Nanosecond)
		if !fails(t, f, here) || fails(t, f, here) {
			t.Error("not one token is back after an interval")
		}
		time.Sleep(100 * burst * every)
		n := 0
		for fails(t, f, here) {
			n++
		}
		if n != burst {
			t.Errorf("%d failures at once after a long time", n)
		}
		// An IPv6 network of 64 bits is one address.
		for i := range burst {
			fails(t, f, netip.MustParseAddr(fmt.Sprintf("2001:db8::%d", i+1)))
		}
		if fails(t, f, netip.MustParseAddr("2001:db8::ffff:1")) || !fails(t, f, netip.MustParseAddr("2001:db8:0:1::1")) {
			t.Error("networks of IPv6 are not told apart by 64 bits")
		}
	})
}

// TestAtOnce has 100 attempts begin before any ends. As many get through as would
// one after the other, and those that wait learn how the others ended.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	for _, failing := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := newLimit()
			var mu sync.Mutex
			begun, most, running, sentAway := 0, 0, 0, 0
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					a, err := f.Begin(t.Context(), here)
					mu.Lock()
					if err != nil {
						sentAway++
						mu.Unlock()
						return
					}
					begun++
					running++
					most = max(most, running)
					mu.Unlock()
					time.Sleep(time.Millisecond) // of the bubble: the store takes its time
					mu.Lock()
					running--
					mu.Unlock()
					a.End(failing)
				})
			}
			all.Wait()
			want := map[bool]int{true: burst, false: 100}[failing]
			if begun != want || most != burst || sentAway != 100-want {
				t.Errorf("failing %t: %d begun, %d at once, %d refused", failing, begun, most, sentAway)
			}
		})
	}
}

func TestWaitEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newLimit()
		var running []*attempts.Attempt
		for range burst {
			a, err := f.Begin(t.Context(), here)
			if err != nil {
				t.Fatal(err)
			}
			running = append(running, a)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("gone")
		var all sync.WaitGroup
		for range 16 * burst {
			all.Go(func() {
				if _, err := f.Begin(ctx, here); !errors.Is(err, gone) {
					t.Errorf("the error is %v", err)
				}
			})
		}
		synctest.Wait()
		_, err := f.Begin(ctx, here) // the queue is full
		refused(t, err)
		cancel(gone)
		all.Wait()
		for _, a := range running {
			a.End(false)
		}
		for range burst {
			if !fails(t, f, here) {
				t.Fatal("a token is lost")
			}
		}
	})
}

// TestManyAddresses: one who comes from more addresses than are remembered resets
// nobody's count.
func TestManyAddresses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newLimit()
		for fails(t, f, here) {
		}
		for i := range 50_000 {
			if !fails(t, f, netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})) {
				t.Fatal("a new address is refused")
			}
		}
		if fails(t, f, here) {
			t.Error("failures of many others have reset the count")
		}
	})
}

// TestRepeatedGuess: the same wrong secret again is no new guess, and costs
// nothing; for a while, and from the same address.
func TestRepeatedGuess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newLimit()
		guess := func(from netip.Addr, secret string) (new bool) {
			t.Helper()
			a, err := f.BeginGuess(t.Context(), from, secret)
			if err != nil {
				t.Fatal(err)
			}
			if a != nil {
				a.End(true)
			}
			return a != nil
		}
		if !guess(here, "a") {
			t.Error("the first guess is taken for a repeated one")
		}
		for range 10 * burst {
			if guess(here, "a") {
				t.Fatal("a repeated guess is taken for a new one")
			}
		}
		for i := range burst - 1 {
			if !guess(here, fmt.Sprint(i)) {
				t.Error("another secret is taken for the same")
			}
		}
		_, err := f.BeginGuess(t.Context(), here, "other")
		refused(t, err)
		if guess(here, "a") || !guess(netip.MustParseAddr("192.0.2.2"), "a") {
			t.Error("a repeated guess is not told by its address")
		}
		time.Sleep(10 * time.Second)
		if !guess(here, "a") {
			t.Error("a guess is known as wrong for ever")
		}
		// One that did not fail is not remembered.
		time.Sleep(every)
		a, err := f.BeginGuess(t.Context(), here, "right")
		if err != nil || a == nil {
			t.Fatal(a, err)
		}
		a.End(false)
		if a, err := f.BeginGuess(t.Context(), here, "right"); err != nil || a == nil {
			t.Error("a guess that did not fail is taken for wrong")
		}
	})
}
