package storetest

import "callbook/internal/idempotency"

// Told is what a test gives a write as its ready: it keeps what it is told, and
// has no receipt.
func Told[R any](into *R) idempotency.Ready[R] {
	return func(results R) *idempotency.Receipt {
		*into = results
		return nil
	}
}
