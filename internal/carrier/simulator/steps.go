package simulator

import (
	"time"

	"callbook/internal/carrier"
)

// step is something that happens at a time: the next event of a call or, without a call,
// a delayed report.
type step struct {
	at   time.Time
	call *call
	late carrier.Progress
}

// steps is a heap of the future steps, the earliest first.
type steps []step

// Len, Less and Swap implement [sort.Interface], and Push and Pop the rest of
// [heap.Interface].
func (s steps) Len() int           { return len(s) }
func (s steps) Less(i, j int) bool { return s[i].at.Before(s[j].at) }
func (s steps) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *steps) Push(x any)        { *s = append(*s, x.(step)) }
func (s *steps) Pop() any {
	old := *s
	last := old[len(old)-1]
	old[len(old)-1] = step{}
	*s = old[:len(old)-1]
	return last
}
