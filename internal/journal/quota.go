package journal

import (
	"fmt"
	"time"

	"callbook/internal/fault"
)

const (
	// DefaultQuota is how many bytes the receipts of an account may take.
	DefaultQuota = 256 << 20
	// PageQuota is how many bytes more they may take with what the dashboard keeps.
	PageQuota = 64 << 20
	// Overhead is what a receipt counts besides its key and its body, in bytes.
	// It bounds the number of an account's receipts, too.
	Overhead = 128
	// QuotaLookahead is how many of an account's oldest receipts a store reads to
	// tell when there is room again.
	QuotaLookahead = 200
)

// Total is what the receipts of an account take.
type Total struct {
	Receipts int64
	Bytes    int64 // the sum of [Receipt.Cost]
}

// Cost is what a receipt counts against its account's quota, in bytes.
func (r *Receipt) Cost() int64 { return Overhead + int64(len(r.Key)) + int64(len(r.Body)) }

// Quota bounds the receipts of an account. A receipt is written when those before
// it take fewer bytes, so the last one, or the last ones at once, may pass it.
type Quota struct {
	Bytes int64     // zero is no bound
	Now   time.Time // when the request came
}

// Weight is when a receipt was created, and its cost.
type Weight struct {
	Created time.Time
	Cost    int64
}

// Exceeded is the fault of a write for an account whose receipts take used
// bytes, which is its quota or more. Oldest are the account's oldest receipts, by
// date and [QuotaLookahead] at most: it tells when enough of them are deleted.
func (q Quota) Exceeded(used int64, oldest []Weight) *fault.Error {
	var room time.Duration
	for _, w := range oldest {
		room = w.Created.Add(Lifetime).Sub(q.Now)
		if used -= w.Cost; used < q.Bytes {
			break
		}
	}
	room = max(0, room).Round(time.Second) + cleanEvery
	return &fault.Error{
		Kind: fault.TooMany,
		Detail: fmt.Sprintf("The answers that are kept under this account's Idempotency-Keys take %.4g MiB, which is all they may. "+
			"There is room again in %s, when the oldest have been kept for %d hours; a request without a key is taken now",
			float64(q.Bytes)/(1<<20), room, Lifetime/time.Hour),
		RetryAfter: room,
	}
}
