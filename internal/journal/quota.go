package journal

import (
	"fmt"
	"time"

	"callbook/internal/fault"
)

const (
	// DefaultQuota is how many bytes the receipts of an account may take.
	DefaultQuota = 256 << 20
	// PageQuota is how many bytes the receipts of the dashboard may take beyond the
	// quota.
	PageQuota = 64 << 20
	// Overhead is added to the sizes of a receipt's key and body, in bytes, when it is
	// counted. So the quota also bounds the number of receipts.
	Overhead = 128
	// QuotaLookahead is how many of an account's oldest receipts a store reads, to tell
	// when there will be room again.
	QuotaLookahead = 200
)

// Total is the number and the size of an account's receipts.
type Total struct {
	Receipts int64
	Bytes    int64 // the sum of [Receipt.Cost]
}

// Cost is what a receipt counts against its account's quota, in bytes.
func (r *Receipt) Cost() int64 { return Overhead + int64(len(r.Key)) + int64(len(r.Body)) }

// Quota bounds the size of an account's receipts. A write is refused if the receipts
// before it take Bytes or more. The last one, or several last ones at the same time, may
// exceed it.
type Quota struct {
	Bytes int64         // zero means no bound
	Now   time.Time     // when the request came
	Keep  time.Duration // how long receipts are kept; zero means [Lifetime]
}

// Weight is the date and the cost of a receipt.
type Weight struct {
	Created time.Time
	Cost    int64
}

// Exceeded returns the fault of a write for an account whose receipts take used bytes,
// which is the quota or more. Oldest are up to [QuotaLookahead] of the account's oldest
// receipts, by date. The fault's RetryAfter is when enough of them will have expired.
func (q Quota) Exceeded(used int64, oldest []Weight) *fault.Error {
	var room time.Duration
	keep := max(q.Keep, Lifetime)
	for _, w := range oldest {
		room = w.Created.Add(keep).Sub(q.Now)
		if used -= w.Cost; used < q.Bytes {
			break
		}
	}
	room = max(0, room).Round(time.Second) + cleanEvery
	return &fault.Error{
		Kind: fault.TooMany,
		Detail: fmt.Sprintf("The answers that are kept under this account's Idempotency-Keys take %.4g MiB, which is all they may. "+
			"There is room again in %s, when the oldest have been kept for %d hours; a request without a key is taken now",
			float64(q.Bytes)/(1<<20), room, keep/time.Hour),
		RetryAfter: room,
	}
}
