// Package fault defines the errors that clients of callbook may see.
//
// Any error that is not an [*Error] is internal: callbook logs it, and tells the client
// only that something went wrong. The package is independent of HTTP and SQL. It has no
// sentences for the faults of fields: the API and the dashboard each have a table of them
// by Kind and Need.
package fault

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

// Kind classifies faults by what a client can do about them.
type Kind uint8

// The kinds of fault. The zero Kind is not one.
const (
	NotFound         Kind = iota + 1 // the thing does not exist, or is not the caller's
	Missing                          // a mandatory value is missing
	Invalid                          // a value is not allowed
	Unparsable                       // the request cannot be parsed
	Duplicate                        // the thing exists already
	Changed                          // the thing has changed since the caller has read it
	Unauthenticated                  // the caller is unknown
	Forbidden                        // the caller is known, but not allowed to do this
	UnsupportedType                  // the request's content type is not supported
	MethodNotAllowed                 // the thing exists, but does not support this method
	TooLarge                         // the request exceeds its size limit
	TooMany                          // the caller exceeds a rate limit or quota
	Unavailable                      // temporarily unavailable
	InProgress                       // another request is doing the same now
	KeyReused                        // the idempotency key was used for another request
	Unfinished                       // the thing is not ready yet

	EndOfKinds // one more than the last kind
)

// Error is a fault. It tells what is wrong either by Field and Need or by Detail. Neither
// reveals anything internal.
type Error struct {
	Kind Kind
	// Field and Need tell which part of a request is wrong, and what it needs; both are
	// zero if the fault is not about a field. Max is the limit of [Shorter]. Country is
	// the country of [MoreDigits], [FewerDigits] and [Existing].
	Field   Field
	Need    Need
	Max     int
	Country string
	// Detail is a text for the client: the whole message, or the reason of [Other].
	Detail string
	// RetryAfter is when a retry may succeed; zero means unknown.
	RetryAfter time.Duration
	// Cause is an internal error for the log, or nil. Clients never see it.
	Cause error
}

// New returns a fault with a text for the client.
func New(kind Kind, detail string) *Error {
	return &Error{Kind: kind, Detail: detail}
}

// Error returns a text for logs, which includes the cause. Clients see a sentence of the
// API or of the dashboard instead.
func (e *Error) Error() string {
	text := e.Detail
	if text == "" && e.Field != "" {
		text = "invalid " + string(e.Field)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether err wraps a fault of this kind.
func Is(err error, kind Kind) bool {
	f := As(err)
	return f != nil && f.Kind == kind
}

// As returns the fault that err wraps, or nil if err is internal.
func As(err error) *Error {
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	return nil
}

// Panic returns an error for the log that describes a recovered panic. The deferred
// function that has recovered it must call Panic, so that the stack shows where the panic
// came from. Of values other than the runtime's own errors, Panic tells only the type,
// since they may contain what a client has sent.
func Panic(value any) error {
	text := fmt.Sprintf("a %T", value)
	if err, ok := value.(runtime.Error); ok {
		text = err.Error()
	}
	return fmt.Errorf("panic: %s\n%s", text, debug.Stack())
}
