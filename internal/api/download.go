package api

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/slowbody"
)

// download is a file that is sent while it is made. It may take longer than
// other answers, as long as it is being taken.
type download struct {
	w       http.ResponseWriter
	r       *http.Request
	headers http.Header // sent with the first byte, and not before: until then an error may be answered
	answer  *slowbody.Answer
	begun   bool
	broken  bool // the client went away

	mu   sync.Mutex
	over error // why nothing more may be sent; nil while it may
}

func newDownload(w http.ResponseWriter, r *http.Request, headers http.Header) *download {
	return &download{w: w, r: r, headers: headers, answer: slowbody.NewAnswer(w, budget.Of(r.Context()).Scarce)}
}

func (d *download) begin() {
	d.begun = true
	h := d.w.Header()
	// Others may have said already what the answer varies with.
	vary := append(h.Values("Vary"), d.headers.Values("Vary")...)
	maps.Copy(h, d.headers)
	if len(vary) > 0 {
		h.Set("Vary", strings.Join(vary, ", "))
	}
}

// Write implements io.Writer.
func (d *download) Write(p []byte) (int, error) {
	if !d.begun {
		d.begin()
	}
	// Others have their turns while this one waits for its client.
	share := budget.Of(d.r.Context())
	turn := share.EndTurn()
	n, err := d.answer.Write(p)
	if err == nil && turn {
		err = share.BeginTurn(d.r.Context()) // which ends when the client goes away
	}
	if err != nil {
		d.broken = true
	}
	return n, err
}

// stop makes the download over, also a write that waits for the client.
func (d *download) stop(why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = why
	d.answer.Stop()
}

// whyOver returns why the download is over; nil when it is not.
func (d *download) whyOver() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.over
}

// permitEvery is how often a download looks whether it may go on.
const permitEvery = time.Second

// whilePermitted returns a context that ends when the one who asked may not have
// the rest of the file, since the key was revoked or expired or the session has
// ended. The download is over then. It looks at each tick. Release must be
// called, and waits until nobody looks any more.
func (d *download) whilePermitted(ctx context.Context, tick <-chan time.Time) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	var looking sync.WaitGroup
	looking.Go(func() {
		permit := permitOf(d.r)
		for {
			select {
			case <-tick:
			case <-ctx.Done():
				return
			}
			// A store that does not answer has revoked nothing.
			if err := permit(ctx); fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.NotFound) {
				d.stop(err)
				cancel()
				return
			}
		}
	})
	return ctx, func() { cancel(); looking.Wait() }
}

// end ends the answer with the error of what made the file, if there is one.
// Half a file must not look like a whole one.
func (d *download) end(err error) {
	over := d.whyOver()
	switch {
	case over != nil && err != nil && d.begun:
		recordOf(d.r).BrokenOff = "the key or session has ended"
		panic(http.ErrAbortHandler)
	case over != nil && err != nil:
		Fail(d.w, d.r, over)
	case err == nil || d.broken: // a client that went away needs no answer
	case !d.begun:
		Fail(d.w, d.r, err)
	default:
		recordOf(d.r).Err = err
		panic(http.ErrAbortHandler)
	}
}
