package storetest

import "callbook/internal/idempotency"

// Told is what a test gives a write as its ready: it keeps what it is told, and
// has no receipt.
func Told[R any](into *R) func(R) *idempotency.Receipt {
	return func(results R) *idempotency.Receipt {
		*into = results
		return nil
	}
}

// NoReceipt is what a test gives a write whose results it does not look at.
func NoReceipt[R any](R) *idempotency.Receipt { return nil }
