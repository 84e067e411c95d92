package slowbody

import (
	"net/http"
	"os"
	"sync"
	"time"
)

// The limits for clients that read an answer, and the stricter ones while memory
// is scarce.
const (
	answerIdle  = 30 * time.Second
	answerGrace = time.Minute
	answerRate  = 16 << 10

	scarceIdle  = 5 * time.Second
	scarceGrace = 5 * time.Second
	scarceRate  = 256 << 10

	// piece is how many bytes are written with one deadline.
	piece = 64 << 10
)

// Answer writes an answer to a client that must read at least 16 KiB a second and
// may pause for 30 seconds at most. While scarce returns true, the limits are
// 256 KiB a second and 5 seconds. The answer may outlast the server's write
// deadline.
type Answer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	scarce  func() bool
	moved   int64
	waited  time.Duration

	mu      sync.Mutex // held while the deadline is set
	stopped bool
}

// NewAnswer returns an Answer that writes to w.
func NewAnswer(w http.ResponseWriter, scarce func() bool) *Answer {
	return &Answer{w: w, control: http.NewResponseController(w), scarce: scarce}
}

// Write implements io.Writer. The error of a client that was too slow is
// os.ErrDeadlineExceeded.
func (a *Answer) Write(p []byte) (written int, err error) {
	for {
		next := p[written:min(written+piece, len(p))]
		allowed := pace{idle: answerIdle, grace: answerGrace, rate: answerRate, moved: a.moved, waited: a.waited}
		if a.scarce() {
			allowed.idle, allowed.grace, allowed.rate = scarceIdle, scarceGrace, scarceRate
		}
		now := time.Now()
		if !a.extend(now.Add(allowed.left(int64(len(next))))) {
			return written, os.ErrDeadlineExceeded
		}
		n, err := a.w.Write(next)
		a.moved += int64(n)
		a.waited += time.Since(now)
		written += n
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

// extend sets the write deadline. It reports false if the answer was stopped.
func (a *Answer) extend(deadline time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.stopped {
		// Not every ResponseWriter supports deadlines.
		_ = a.control.SetWriteDeadline(deadline)
	}
	return !a.stopped
}

// Stop aborts the answer: a write that waits for the client fails at once, and so
// do later ones. It may be called concurrently with Write.
func (a *Answer) Stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
	_ = a.control.SetWriteDeadline(time.Now())
}
