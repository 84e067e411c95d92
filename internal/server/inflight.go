package server

import "sync"

// inFlight counts the requests in flight, and admits no more once the server stops.
type inFlight struct {
	mu       sync.Mutex
	n        int
	stopping bool
	idle     chan struct{} // closed when stopping and n is 0
}

// enter admits a request, or returns false if the server stops. The caller of a
// successful enter must call leave.
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

// drain stops admitting requests, and returns a channel that is closed when the last one
// has left. It must be called once.
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

// count returns the number of requests in flight.
func (f *inFlight) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}
