// Package fault is the error that a caller of callbook may see.
//
// Whatever is not an [*Error] is the program's own trouble: it is logged, and
// the caller is told no more than that something went wrong. The package knows
// nothing of HTTP or SQL, and has no sentences for the faults of a field: each
// front door has a table of its own, by Kind and by Need.
package fault

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

// Kind says what sort of mistake was made, and with that what a caller can do
// about it.
type Kind uint8

// The kinds of fault. The zero Kind is none of them.
const (
	NotFound         Kind = iota + 1 // there is no such thing, or it is not the caller's
	Missing                          // something mandatory was not given
	Invalid                          // something was given that is not allowed
	Unparsable                       // the request could not be read at all
	Duplicate                        // it is there already
	Changed                          // it is not any more as the caller saw it
	Unauthenticated                  // nobody known is asking
	Forbidden                        // somebody known asks for what is not theirs
	UnsupportedType                  // the request's content type is not spoken here
	MethodNotAllowed                 // the thing is there, this cannot be done with it
	TooLarge                         // the request is over its size limit
	TooMany                          // the caller asks too often
	Unavailable                      // it cannot be served now; later it may
	InProgress                       // the same is being done already, for another request
	KeyReused                        // what names one request came with another
	Unfinished                       // it is there once something has ended

	EndOfKinds // one more than the last
)

// Error is a fault: its kind, and what was wrong, either as a field and its need
// or as a text. Neither tells the caller anything of the program's inside.
type Error struct {
	Kind Kind
	// Field and Need say which part of a request is at fault and why; both are
	// zero when none is. Max is the limit of [Shorter], and Country the country of
	// [MoreDigits], [FewerDigits] and [Existing].
	Field   Field
	Need    Need
	Max     int
	Country string
	// Detail is shown to the caller as it is: alone, or as the reason of
	// [Other].
	Detail string
	// RetryAfter tells when asking again may help; zero means that nothing is
	// known about it.
	RetryAfter time.Duration
	// Cause is for the log, never for the caller. It may be nil.
	Cause error
}

// New returns a fault of this kind. Detail is what the caller reads.
func New(kind Kind, detail string) *Error {
	return &Error{Kind: kind, Detail: detail}
}

// Error implements error. It includes the cause, so it is for logs; a caller
// is shown a front door's sentence.
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

// Is reports whether err holds a fault of this kind.
func Is(err error, kind Kind) bool {
	f := As(err)
	return f != nil && f.Kind == kind
}

// As returns the fault within err, or nil when err holds none and so is the
// program's own trouble.
func As(err error) *Error {
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	return nil
}

// Panic returns the error of a panic with this value, for the log. It must be
// called by the deferred function that recovered it, so that the stack says where
// it came from. A value of the runtime's own is told as it is; any other may have
// what a caller sent in it, and is told by its type.
func Panic(value any) error {
	text := fmt.Sprintf("a %T", value)
	if err, ok := value.(runtime.Error); ok {
		text = err.Error()
	}
	return fmt.Errorf("panic: %s\n%s", text, debug.Stack())
}
