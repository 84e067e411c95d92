package dialer

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// drive lets calls leave at a pace for some time. Each look at the clock comes late by up
// to a jitter, and some much later.
func drive(rate int, d, jitter time.Duration, seed uint64) (sent []time.Duration) {
	r := rand.New(rand.NewPCG(seed, 1))
	start := time.Unix(1_800_000_000, 0)
	p := newPace(rate, start)
	for now := start; now.Before(start.Add(d)); {
		n := p.allowed(now)
		if n == 0 {
			now = now.Add(max(1, p.wait(now)) + time.Duration(r.Int64N(int64(jitter)+1)))
			if r.IntN(1000) == 0 {
				now = now.Add(50 * jitter)
			}
			continue
		}
		p.use(now, n)
		for range n {
			now = now.Add(time.Duration(r.Int64N(50_000)))
			p.left(now)
			sent = append(sent, now.Sub(start))
		}
	}
	return sent
}

// most returns the largest number of calls within any window.
func most(sent []time.Duration, window time.Duration) (n int) {
	slices.Sort(sent)
	from := 0
	for i, at := range sent {
		for sent[from] <= at-window {
			from++
		}
		n = max(n, i-from+1)
	}
	return n
}

// TestPace holds a pace for ten minutes, within a percent and evenly, and never lets more
// calls leave in any minute.
func TestPace(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{1, 7, 60, 600, 6000} {
		sent := drive(rate, 10*time.Minute, 2*time.Millisecond, uint64(rate))
		if got, want := len(sent), 10*rate; float64(got) < 0.99*float64(want) || got > want+1 {
			t.Errorf("%d a minute: %d calls in ten minutes", rate, got)
		}
		if n := most(sent, time.Minute); n > rate {
			t.Errorf("%d a minute: %d in one", rate, n)
		}
		if n, even := most(sent, 6*time.Second), max(1, rate/10); n > even+even/20+1 {
			t.Errorf("%d a minute: %d in six seconds", rate, n)
		}
	}
}

// TestPaceLate: calls that leave late never make a minute too full.
func TestPaceLate(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		sent := drive(60, 10*time.Minute, 700*time.Millisecond, seed)
		if n := most(sent, time.Minute); n > 60 || len(sent) < 400 {
			t.Errorf("%d calls, %d in one minute", len(sent), n)
		}
	}
}

// TestPaceRest: after a rest there is one call, and not those that were missed.
func TestPaceRest(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	p := newPace(6000, now)
	now = now.Add(time.Hour)
	p.rest(now)
	if n := p.allowed(now); n != 1 {
		t.Errorf("%d calls after a rest", n)
	}
	p.use(now, 1)
	p.left(now)
	// The clock is set back: what has left counts as now.
	if back := now.Add(-time.Hour); p.wait(back) > 11*time.Millisecond || len(p.sent) != 1 {
		t.Errorf("after the clock was set back, the next call waits %v", p.wait(back))
	}
	p.rate = 1
	if w := p.wait(now.Add(-time.Hour)); w != window {
		t.Errorf("with a smaller rate, the next call waits %v", w)
	}
}
