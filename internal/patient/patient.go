// Package patient tells how long a client may take to send a body or to take an
// answer: as long as bytes keep moving at a least rate. Long uploads and
// downloads thus outlast the server's deadlines, which are meant for requests of
// ordinary size, and a client that stands still is cut off long before them.
package patient

import (
	"context"
	"io"
	"net/http"
	"time"
)

// What is asked of those who send a body. The least rate of an upload is below
// what its timeout asks of the largest file.
const (
	uploadIdle    = 30 * time.Second
	uploadGrace   = time.Minute
	uploadRate    = 4 << 10
	uploadTimeout = 30 * time.Minute

	bodyIdle  = 10 * time.Second
	bodyGrace = 10 * time.Second
	bodyRate  = 16 << 10
	// smallBody is up to where a body has no more than the server's deadline. It
	// holds no memory worth the clock.
	smallBody = 4 << 10
)

// Upload returns h for requests whose body may take longer than the server's
// deadline, up to half an hour, while it comes at 4 KiB a second or more and
// stands still for no longer than 30 seconds.
func Upload(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), uploadTimeout)
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = &upload{body{
			ReadCloser: r.Body,
			control:    http.NewResponseController(w),
			ctx:        ctx,
			pace:       pace{idle: uploadIdle, grace: uploadGrace, rate: uploadRate},
		}}
		h(w, r)
	}
}

// Body returns h for requests whose body must come within the server's
// deadline, and, once it is larger than a few KiB, at 16 KiB a second or more,
// standing still for no longer than 10 seconds.
func Body(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			b := &bulk{w: w}
			b.body = body{ReadCloser: r.Body, ctx: r.Context(), pace: pace{idle: bodyIdle, grace: bodyGrace, rate: bodyRate}}
			r.Body = b
		}
		h(w, r)
	}
}

// body moves the connection's deadline for reading on as it is read.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	ctx     context.Context
	pace    pace
	set     time.Time // when the deadline was moved
}

// read reads once and counts the time. The deadline was set at most a second ago,
// so it may end the read up to a second early.
func (b *body) read(p []byte, now time.Time) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.pace.count(n, time.Since(now))
	return n, err
}

// due tells whether the deadline is to be moved, at most once a second.
func (b *body) due(now time.Time) bool {
	if now.Sub(b.set) < time.Second {
		return false
	}
	b.set = now
	return true
}

type upload struct{ body }

func (u *upload) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	now := time.Now()
	if u.due(now) {
		// A connection without deadlines needs none moved.
		_ = u.control.SetReadDeadline(now.Add(u.pace.left(0)))
		_ = u.control.SetWriteDeadline(now.Add(2 * uploadIdle))
	}
	return u.read(p, now)
}

type bulk struct {
	body
	w http.ResponseWriter
}

func (b *bulk) Read(p []byte) (int, error) {
	if b.pace.moved < smallBody {
		n, err := b.ReadCloser.Read(p)
		b.pace.count(n, 0)
		return n, err
	}
	if b.control == nil {
		b.control = http.NewResponseController(b.w)
	}
	now := time.Now()
	last, limited := b.ctx.Deadline() // the server's own
	if b.due(now) {
		until := now.Add(b.pace.left(0))
		if limited && until.After(last) {
			until = last
		}
		_ = b.control.SetReadDeadline(until)
	}
	n, err := b.read(p, now)
	if err != nil && limited {
		// The server goes on reading, to see whether the client goes away: what
		// was asked of the body is not asked of its silence afterwards.
		_ = b.control.SetReadDeadline(last)
	}
	return n, err
}
