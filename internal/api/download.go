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

// download is a file that is sent while it is made. It may take longer than other
// answers, as long as the client reads on.
type download struct {
	w       http.ResponseWriter
	r       *http.Request
	headers http.Header // sent with the first byte; before that, an error may still be answered
	answer  *slowbody.Answer
	begun   bool
	broken  bool // the client went away

	mu   sync.Mutex
	over error // why the download must stop, or nil
}

func newDownload(w http.ResponseWriter, r *http.Request, headers http.Header) *download {
	return &download{w: w, r: r, headers: headers, answer: slowbody.NewAnswer(w, budget.Of(r.Context()).Scarce)}
}

func (d *download) begin() {
	d.begun = true
	h := d.w.Header()
	// Keep what other handlers have set for Vary.
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
	// Let other requests have their turns while this one waits for its client.
	share := budget.Of(d.r.Context())
	turn := share.EndTurn()
	n, err := d.answer.Write(p)
	if err == nil && turn {
		err = share.BeginTurn(d.r.Context()) // ctx ends when the client goes away
	}
	if err != nil {
		d.broken = true
	}
	return n, err
}

// stop ends the download with the reason why. It interrupts a write that waits for the
// client.
func (d *download) stop(why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = why
	d.answer.Stop()
}

// whyOver returns why the download must stop, or nil.
func (d *download) whyOver() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.over
}

// permitEvery is how often a download checks whether the caller is still authorized.
const permitEvery = time.Second

// whilePermitted returns a context that ends when the caller is no longer authorized,
// because the key was revoked or expired, the session has ended, or the account is
// disabled. Then it also stops the
// download. It checks at each tick. The caller must call release, which waits until the
// checks have ended.
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
			// If the store fails, the caller's permit still stands.
			if err := permit(ctx); fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
				d.stop(err)
				cancel()
				return
			}
		}
	})
	return ctx, func() { cancel(); looking.Wait() }
}

// end ends the answer after the file was made, or not, because of err. It aborts the
// connection if a part was sent, so that the client does not take it for the whole file.
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
