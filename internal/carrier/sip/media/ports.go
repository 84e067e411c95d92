package media

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
)

// portRest is how long a port is not used after a session. Peers that did not notice the
// end of their call may still send to it.
const portRest = time.Minute

// ports hands out the even ports of a range, one after the other from a random one on. A
// server that was restarted thus begins elsewhere than the one before, whose callees may
// still send.
type ports struct {
	first int

	mu   sync.Mutex
	used []bool
	free []time.Time // when the port may be used again
	next int
}

func newPorts(first, last int) (*ports, error) {
	if first < 1 || last > 65535 || first > last {
		return nil, fmt.Errorf("media: ports from %d to %d are no range", first, last)
	}
	first += first % 2
	n := (last-first)/2 + 1
	if first > last {
		return nil, errors.New("media: the range of ports has no even port")
	}
	return &ports{first: first, used: make([]bool, n), free: make([]time.Time, n), next: rand.IntN(n)}, nil
}

// count is the number of ports in the range.
func (p *ports) count() int { return len(p.used) }

// take returns a port that nobody uses, and false if there is none.
func (p *ports) take(now time.Time) (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range p.used {
		i := p.next
		p.next = (i + 1) % len(p.used)
		if !p.used[i] && !now.Before(p.free[i]) {
			p.used[i] = true
			return p.first + 2*i, true
		}
	}
	return 0, false
}

// giveBack ends the use of a port.
func (p *ports) giveBack(port int, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := (port - p.first) / 2
	p.used[i], p.free[i] = false, now.Add(portRest)
}

// inUse reports whether a socket could not be opened because another program has its
// port.
func inUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES)
}
