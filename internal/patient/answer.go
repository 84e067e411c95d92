package patient

import (
	"net/http"
	"os"
	"sync"
	"time"
)

// What is asked of those who take an answer; less where memory is scarce.
const (
	answerIdle  = 30 * time.Second
	answerGrace = time.Minute
	answerRate  = 16 << 10

	scarceIdle  = 5 * time.Second
	scarceGrace = 5 * time.Second
	scarceRate  = 256 << 10

	// piece is how much is written with one deadline.
	piece = 64 << 10
)

// Answer writes an answer to a client that must take it at 16 KiB a second or
// more, and stand still for no longer than 30 seconds; while scarce is true, at
// 256 KiB a second, and 5 seconds. The answer may take longer than the server's
// deadline for writing.
type Answer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	scarce  func() bool
	moved   int64
	waited  time.Duration

	mu      sync.Mutex // held while the deadline is set
	stopped bool
}

// NewAnswer returns an Answer that is written to w.
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

// extend moves the deadline, and tells whether the answer may go on.
func (a *Answer) extend(deadline time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.stopped {
		// A connection without deadlines needs none moved.
		_ = a.control.SetWriteDeadline(deadline)
	}
	return !a.stopped
}

// Stop makes the answer end: a write that waits for the client fails now, and
// later ones too. It may be called from another goroutine than Write.
func (a *Answer) Stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
	_ = a.control.SetWriteDeadline(time.Now())
}
