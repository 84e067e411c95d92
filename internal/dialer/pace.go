package dialer

import "time"

// pace spreads calls evenly, and never lets more than its rate leave within a minute. It
// is for one goroutine.
//
// The slots of the calls are absolute times, so a call that leaves late does not delay
// those after it. The window of the last minute has the last word: it has the times at
// which calls have left, so it holds however late they were.
type pace struct {
	rate  int       // calls a minute
	start time.Time // what the times below are measured from
	next  time.Duration
	sent  []time.Duration // the calls of the window, the oldest first
}

const (
	// window is longer than a minute, and the time between two slots longer than the
	// rate asks for, so that a clock somewhere else counts no call too many. Together
	// they cost a fifth of a percent of the pace.
	window = time.Minute + 60*time.Millisecond
	spread = time.Minute + 120*time.Millisecond
	// catchUp is how many slots may be made up for, as a time, after a delay.
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

// makeUp is how far back slots that were missed may still be used. At a slow pace it is
// one that was missed, so that two calls never leave together.
func (p *pace) makeUp() time.Duration { return max(catchUp, p.interval()-1) }

// wait returns how long it takes until a call may leave.
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

// left notes a call that has left by now.
func (p *pace) left(now time.Time) { p.sent = append(p.sent, now.Sub(p.start)) }

// rest gives up the slots that nobody needed until now.
func (p *pace) rest(now time.Time) { p.next = max(p.next, now.Sub(p.start)) }

// forget drops the calls that are older than the window. After the clock was set back,
// what lies ahead counts as now.
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
