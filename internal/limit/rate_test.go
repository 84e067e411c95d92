package limit

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"callbook/internal/account"
	"callbook/internal/clock/clocktest"
)

// TestRates compares Rates with a list of the requests that were let in.
func TestRates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := clocktest.New(time.Unix(1_753_000_000, 0))
		r := NewRates(c)
		began, in := map[account.ID]time.Time{}, map[account.ID]int{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 20, 59, 60, 90}).Draw(t, "seconds")) * time.Second)
			id, limit := account.ID(rapid.IntRange(1, 3).Draw(t, "account")), rapid.IntRange(1, 4).Draw(t, "limit")
			now := c.Now()
			if at, ok := began[id]; !ok || now.Sub(at) >= time.Minute {
				began[id], in[id] = now, 0
			}
			want := in[id] < limit
			if want {
				in[id]++
			}
			left, ok := r.Take(id, limit)
			if ok != want || left.Remaining != max(0, limit-in[id]) || !left.Reset.Equal(began[id].Add(time.Minute)) || left.Wait != left.Reset.Sub(now) {
				t.Fatalf("account %d with a limit of %d: %+v, %t; it has sent %d since %v", id, limit, left, ok, in[id], began[id])
			}
		}
	})
}

// TestRatesAtOnce lets exactly as many requests in as the limit says, whoever comes first.
func TestRatesAtOnce(t *testing.T) {
	t.Parallel()
	r := NewRates(clocktest.New(time.Unix(1_753_000_000, 0)))
	var in atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 50 {
				if _, ok := r.Take(1, 200); ok {
					in.Add(1)
				}
			}
		})
	}
	all.Wait()
	if in.Load() != 200 {
		t.Errorf("%d of 800 requests came in, want 200", in.Load())
	}
}

// TestRatesForget keeps windows only while they count.
func TestRatesForget(t *testing.T) {
	t.Parallel()
	c := clocktest.New(time.Unix(1_753_000_000, 0))
	r := NewRates(c)
	for id := range account.ID(1000) {
		r.Take(id+1, 1)
	}
	c.Add(time.Minute)
	if _, ok := r.Take(1, 1); !ok || len(r.windows) != 1 {
		t.Errorf("%d windows after a minute, and the request came in: %t", len(r.windows), ok)
	}
	c.Add(-time.Hour)
	if _, ok := r.Take(1, 1); !ok {
		t.Error("a clock that was set back locks an account out")
	}
}
