package patient

import "time"

// pace is how slowly a peer may send or take bytes. Only the time that is spent
// waiting for the peer counts.
type pace struct {
	idle  time.Duration // how long nothing may move
	grace time.Duration // how long any rate will do
	rate  int64         // bytes a second on the average, after the grace

	moved  int64
	waited time.Duration
}

// left is how long the peer may take for the next n bytes. It may be negative.
func (p *pace) left(n int64) time.Duration {
	earned := time.Duration(float64(p.moved+n) / float64(p.rate) * float64(time.Second))
	return min(p.idle, p.grace+earned-p.waited)
}

// count notes that n bytes moved within some time.
func (p *pace) count(n int, took time.Duration) {
	p.moved += int64(n)
	p.waited += took
}
