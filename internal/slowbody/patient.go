// Package slowbody cuts off slow clients: they must send a body or read an answer
// at a minimum rate. Long uploads and downloads may thus outlast the server's
// deadlines, which are meant for requests of ordinary size, and a client that
// stalls is cut off long before them.
package slowbody

import (
	"context"
	"io"
	"net/http"
	"time"
)

// The limits for clients that send a body. The largest file has to be sent faster
// than uploadRate, because of uploadTimeout.
const (
	uploadIdle    = 30 * time.Second
	uploadGrace   = time.Minute
	uploadRate    = 4 << 10
	uploadTimeout = 30 * time.Minute

	bodyIdle  = 10 * time.Second
	bodyGrace = 10 * time.Second
	bodyRate  = 16 << 10
	// smallBody is the size up to which only the server's deadline limits a body.
	// It takes too little memory to be worth reading the clock.
	smallBody = 4 << 10
)

// Upload wraps h for requests whose body may outlast the server's deadline, by up
// to half an hour. The client must send at least 4 KiB a second and may pause for
// 30 seconds at most.
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

// Body wraps h for requests whose body must arrive within the server's deadline.
// After the first few KiB, the client must also send at least 16 KiB a second and
// may pause for 10 seconds at most.
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

// body extends the connection's read deadline while it is read.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	ctx     context.Context
	pace    pace
	set     time.Time // when the deadline was last set
}

// read reads once and counts the time. Since the deadline may have been set a
// second ago, the read may fail up to a second early.
func (b *body) read(p []byte, now time.Time) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.pace.count(n, time.Since(now))
	return n, err
}

// due reports whether the deadline should be set again, at most once a second.
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
		// Not every ResponseWriter supports deadlines.
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
	last, limited := b.ctx.Deadline() // the server's deadline
	if b.due(now) {
		until := now.Add(b.pace.left(0))
		if limited && until.After(last) {
			until = last
		}
		_ = b.control.SetReadDeadline(until)
	}
	n, err := b.read(p, now)
	if err != nil && limited {
		// The server keeps reading to notice a disconnect. The deadline for the
		// body must not end that read.
		_ = b.control.SetReadDeadline(last)
	}
	return n, err
}
