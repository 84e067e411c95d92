package server

import "sync"

// inFlight counts the requests that are being served, and lets no more in once
// the server is to stop.
type inFlight struct {
	mu       sync.Mutex
	n        int
	stopping bool
	idle     chan struct{} // closed when stopping and n is 0
}

// enter lets a request in; false means that the server is to stop. Leave must
// follow true.
func (f *inFlight) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopping {
		return false
	}
	f.n++
	return true
}

func (f *inFlight) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n--
	if f.stopping && f.n == 0 {
		close(f.idle)
	}
}

// drain lets nobody in any more and returns a channel that is closed when the
// last request has left. It is called once.
func (f *inFlight) drain() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopping = true
	if f.n == 0 {
		close(f.idle)
	}
	return f.idle
}

func (f *inFlight) draining() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stopping
}

// count returns how many requests are being served.
func (f *inFlight) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}
