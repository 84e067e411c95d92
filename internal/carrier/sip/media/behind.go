package media

import (
	"sync/atomic"
	"time"
)

const (
	// pacePeriod is how long packets are counted before the pace is judged. Two periods in
	// a row decide.
	pacePeriod = time.Second
	// The pacer falls behind when more than one of lateShare packets is late, and at least
	// leastLate are, so that a moment of a server with few calls decides nothing. It has
	// caught up when at most one of fineShare is.
	lateShare, fineShare, leastLate = 20, 100, 40
)

// keeping judges whether the pacer keeps pace. One goroutine judges; any may read behind.
type keeping struct {
	behind     atomic.Bool
	since      time.Time // when the present period began
	sent, late uint64    // until then
	row        int       // how many periods in a row speak against the present judgement
}

// judge takes the counts of packets until now.
func (k *keeping) judge(now time.Time, sent, late uint64) {
	if now.Sub(k.since) < pacePeriod {
		return
	}
	newSent, newLate := sent-k.sent, late-k.late
	k.since, k.sent, k.late = now, sent, late
	behind := k.behind.Load()
	against := newLate*lateShare > newSent && newLate >= leastLate
	if behind {
		against = newLate*fineShare <= newSent
	}
	if !against {
		k.row = 0
		return
	}
	if k.row++; k.row == 2 {
		k.behind.Store(!behind)
		k.row = 0
	}
}
