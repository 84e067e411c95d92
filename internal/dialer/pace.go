package dialer

import "time"

// pace spreads calls evenly over time, and never lets more calls leave within a minute
// than its rate. One goroutine may use it.
//
// It gives each call a slot. Slots are absolute times, so a call that leaves late does
// not delay those after it. Besides, it remembers when the calls of the last minute
// really left. When these are as many as the rate, no call may leave, whatever its slot.
type pace struct {
	rate  int       // calls per minute, at most
	start time.Time // next and sent are relative to this time
	next  time.Duration
	sent  []time.Duration // when the calls of the last window left, oldest first
}

const (
	// The window is a little longer than a minute, and slots are a little further apart
	// than the rate asks for. So the limit also holds by a clock that differs slightly,
	// for 0.2 % of the pace.
	window = time.Minute + 60*time.Millisecond
	spread = time.Minute + 120*time.Millisecond
	// catchUp is how old a missed slot may be to be used after a delay.
	catchUp = 250 * time.Millisecond
)

func newPace(rate int, now time.Time) pace { return pace{rate: rate, start: now} }

// interval is the time between two slots.
func (p *pace) interval() time.Duration { return max(1, spread/time.Duration(p.rate)) }

// allowed returns how many calls may leave now.
func (p *pace) allowed(now time.Time) int {
	at := now.Sub(p.start)
	p.forget(at)
	if at < p.next {
		return 0
	}
	slots := 1 + int(min(at-p.next, p.makeUp())/p.interval())
	return max(0, min(slots, p.rate-len(p.sent)))
}

// makeUp is how old a missed slot may be to be used. At a slow pace that is just less
// than one interval, so that two calls never leave together.
func (p *pace) makeUp() time.Duration { return max(catchUp, p.interval()-1) }

// wait returns how long it takes until the next call may leave.
func (p *pace) wait(now time.Time) time.Duration {
	at := now.Sub(p.start)
	p.forget(at)
	next := p.next
	if over := len(p.sent) - p.rate; over >= 0 {
		next = max(next, p.sent[over]+window)
	}
	return max(0, next-at)
}

// use takes the slots of calls that are about to leave.
func (p *pace) use(now time.Time, calls int) {
	p.next = max(p.next, now.Sub(p.start)-p.makeUp()) + time.Duration(calls)*p.interval()
}

// left records that a call has left at this time.
func (p *pace) left(now time.Time) { p.sent = append(p.sent, now.Sub(p.start)) }

// rest gives up the unused slots before now.
func (p *pace) rest(now time.Time) { p.next = max(p.next, now.Sub(p.start)) }

// forget drops the calls that left before the window. If the clock was set back, it moves
// later times to now.
func (p *pace) forget(at time.Duration) {
	for i := len(p.sent) - 1; i >= 0 && p.sent[i] > at; i-- {
		p.sent[i] = at
	}
	p.next = min(p.next, at+p.interval())
	old := 0
	for old < len(p.sent) && p.sent[old] <= at-window {
		old++
	}
	p.sent = p.sent[old:]
}
