// Package reqlog records what happens during a request, for the observers of the server
// such as the access log.
package reqlog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"
)

// Record holds the fields of one request's log entry. It holds no personal data:
// no number, no name, no token. Only the goroutine that serves the request may
// use it.
type Record struct {
	// ID identifies the request to the caller and in the log. It is a random UUID
	// as 32 lower-case hex digits.
	ID string
	// Route is the pattern of the route; "" until one matches.
	Route string
	// Account is the sid of the calling account; "" until it is authenticated.
	Account string
	// Bulk means that the request had several items: Total items, of which Failed
	// failed.
	Bulk          bool
	Total, Failed int
	// Replayed is the ID of the earlier request whose stored answer was sent, or
	// "".
	Replayed string
	// BrokenOff says why the server cut off an answer that it had begun, or is "".
	BrokenOff string
	// Err is the cause of an error answer, which the caller does not see. It is not
	// logged with a status from 400 to 499, since it may quote what the caller
	// sent.
	Err error
	// Code is the API's code of an error answer, such as 1002; otherwise 0.
	Code int
	// Limited means that the request was refused because of the account's requests a minute.
	Limited bool
	// Status is the HTTP status of the answer, or 0 if there was none. Took is the
	// duration of the request. The server sets both at the end of the request.
	Status int
	Took   time.Duration
}

// Counted records the numbers of items of a bulk request.
func (r *Record) Counted(total, failed int) {
	r.Bulk, r.Total, r.Failed = true, total, failed
}

type contextKey struct{}

// Begin returns a context that carries a new Record, and the Record.
func Begin(ctx context.Context) (context.Context, *Record) {
	var id [16]byte
	rand.Read(id[:])          // never fails
	id[6] = id[6]&0x0f | 0x40 // version 4, and the variant of RFC 9562
	id[8] = id[8]&0x3f | 0x80
	rec := &Record{ID: hex.EncodeToString(id[:])}
	return context.WithValue(ctx, contextKey{}, rec), rec
}

// Of returns the Record that [Begin] put into the context. Without one it
// panics: the server begins every request.
func Of(ctx context.Context) *Record {
	return ctx.Value(contextKey{}).(*Record)
}
