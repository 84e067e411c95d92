package storetest

import "callbook/internal/journal"

// Told is what a test gives a write as its ready: it keeps what it is told, and
// has no receipt.
func Told[R any](into *R) journal.Ready[R] {
	return func(results R) *journal.Receipt {
		*into = results
		return nil
	}
}
