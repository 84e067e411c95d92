// Package access carries what is known of one request from the front doors to the
// observers of the server, as the access log.
package access

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/google/uuid"
)

// Record is what is known of one request. It holds nothing personal: no
// number, no name, no token. It belongs to the goroutine that serves the
// request.
type Record struct {
	// ID names the request to the caller and in the log: a random UUID as 32
	// lower-case hex digits.
	ID string
	// Route is the pattern of the route, "" while none matched.
	Route string
	// Account is the sid of the account that asks, "" while nobody known does.
	Account string
	// Bulk tells that the request was about many items, Total how many and
	// Failed how many of them could not be done.
	Bulk          bool
	Total, Failed int
	// Replayed is the ID of an earlier request whose answer was given again; ""
	// when the request was served by itself.
	Replayed string
	// BrokenOff tells why an answer that was begun was deliberately not sent to its
	// end; otherwise "".
	BrokenOff string
	// Err is the trouble behind the answer that the caller is not told of. With an
	// answer from 400 to 499 it is not logged: it is the caller's mistake, and may
	// have pieces of what the caller sent.
	Err error
	// Status is the HTTP status of the answer, 0 when there was none, and Took how
	// long the request took. The server sets both at the end of the request.
	Status int
	Took   time.Duration
}

// Counted notes the items of a bulk request that was done.
func (r *Record) Counted(total, failed int) {
	r.Bulk, r.Total, r.Failed = true, total, failed
}

type contextKey struct{}

// Begin returns a context that carries a new Record, and the Record.
func Begin(ctx context.Context) (context.Context, *Record) {
	id := uuid.New()
	rec := &Record{ID: hex.EncodeToString(id[:])}
	return context.WithValue(ctx, contextKey{}, rec), rec
}

// Of returns the Record that [Begin] put into the context. Without one it
// panics: the server begins every request.
func Of(ctx context.Context) *Record {
	return ctx.Value(contextKey{}).(*Record)
}
