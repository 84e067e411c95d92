package main

import (
	"cmp"
	"slices"
	"time"
)

// percentile returns the smallest of all that p percent of them do not exceed;
// zero when there are none. It sorts.
func percentile[T cmp.Ordered](all []T, p int) (at T) {
	if len(all) == 0 {
		return at
	}
	slices.Sort(all)
	rank := (len(all)*p + 99) / 100 // rounded up
	return all[max(rank, 1)-1]
}

// perSecond is how many of n happen in a second; zero when no time went by.
func perSecond(n int, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(n) / took.Seconds()
}

// ratio is a to b; zero, which is no ratio, where b is nothing.
func ratio[T ~int64 | ~float64](a, b T) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// microsecondsEach shares the time among n; zero when there are none.
func microsecondsEach(d time.Duration, n int) float64 {
	return ratio(float64(d.Microseconds()), float64(n))
}

func megabytes(bytes int) float64 { return float64(bytes) / 1e6 }
