package slowbody

import "time"

// pace is a minimum rate at which a peer must send or read bytes. Only the time
// that is spent waiting for the peer counts.
type pace struct {
	idle  time.Duration // how long a peer may pause
	grace time.Duration // how long the rate may be lower
	rate  int64         // bytes a second on average, after the grace period

	moved  int64         // bytes so far
	waited time.Duration // time so far
}

// left returns how long the peer may take for the next n bytes. It may be negative.
func (p *pace) left(n int64) time.Duration {
	earned := time.Duration(float64(p.moved+n) / float64(p.rate) * float64(time.Second))
	return min(p.idle, p.grace+earned-p.waited)
}

// count adds n bytes that took this long.
func (p *pace) count(n int, took time.Duration) {
	p.moved += int64(n)
	p.waited += took
}
