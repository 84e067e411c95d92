package campaign

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestMinutes counts calls at random times against a list of all of them: each of the
// last minutes has as many as the list, whatever gaps there were and whatever was taken
// back.
func TestMinutes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var m Minutes
		var begun []time.Time
		now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
		for range 2000 {
			switch n := r.IntN(100); {
			case n == 0:
				now = now.Add(time.Duration(r.IntN(100)) * time.Minute)
			case n < 10 && len(begun) > 0:
				i := r.IntN(len(begun))
				m.takeBack(begun[i])
				begun = append(begun[:i], begun[i+1:]...)
			default:
				now = now.Add(time.Duration(r.IntN(20)) * time.Second)
				m.begin(now)
				begun = append(begun, now)
			}
			if m = DecodeMinutes(m.Encode()); r.IntN(20) > 0 {
				continue
			}
			since, got := m.Until(now)
			var want [PlotMinutes]int
			for _, at := range begun {
				if !at.Before(since) {
					want[at.Sub(since)/time.Minute]++
				}
			}
			if got != want {
				t.Fatalf("seed %d, at %v:\n got %v\nwant %v", seed, now, got, want)
			}
		}
	}
}
