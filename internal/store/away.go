package store

import (
	"time"

	"callbook/internal/fault"
)

// retryAfter is when clients should retry while a database does not answer.
const retryAfter = 5 * time.Second

// Away returns the fault of a request for which the database does not answer now. The
// cause is for the log.
func Away(cause error) error {
	return &fault.Error{Kind: fault.Unavailable, Detail: "The store does not answer", RetryAfter: retryAfter, Cause: cause}
}
