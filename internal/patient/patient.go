// Package patient lets a request with a long body outlast the server's
// deadlines, which are meant for requests of ordinary size: the body may take
// as long as it comes along.
package patient

import (
	"context"
	"io"
	"net/http"
	"time"
)

const (
	// idle is how long a body may stand still, and timeout how long the request
	// may take in all.
	idle    = 30 * time.Second
	timeout = 30 * time.Minute
)

// Body returns h for requests with long bodies.
func Body(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), timeout)
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = &body{ReadCloser: r.Body, control: http.NewResponseController(w), ctx: ctx}
		h(w, r)
	}
}

// body moves the connection's deadlines on as it is read.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	ctx     context.Context
	moved   time.Time
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if now := time.Now(); now.Sub(b.moved) > time.Second {
		b.moved = now
		// A connection without deadlines needs none moved.
		_ = b.control.SetReadDeadline(now.Add(idle))
		_ = b.control.SetWriteDeadline(now.Add(2 * idle))
	}
	return b.ReadCloser.Read(p)
}
