// Package journal is about what is stored with a write, in its transaction: the
// receipt of a request that carries an idempotency key. The same request, sent
// again under the same key, is answered with the receipt and not done again.
//
// A key whose work was done has its receipt, whatever ended the server, and one
// whose work was not done has none.
//
// A receipt travels one way. [Attempt.Context] puts the request's [Claim] into the
// context of its write, where the store looks for it before it begins. The write's
// [Ready] then makes the receipt of the results.
package journal

import (
	"context"
	"errors"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
)

// Lifetime is how long an answer is kept.
const Lifetime = 24 * time.Hour

// MaxKeyLength is how many characters a key may have, all of them visible
// ASCII.
const MaxKeyLength = 255

// Receipt is the answer to a request that was done under a key.
type Receipt struct {
	Key      string
	Request  [32]byte // the SHA-256 of the request
	Status   int      // of the answer
	Encoding Encoding // of Body
	Body     []byte   // of the answer, encoded; [Receipt.Open] reads it
	Created  time.Time
}

// ErrTaken is the error of a write whose receipt has a key that another receipt
// has, one that was not over its [Lifetime] when the new one was created.
// Nothing was changed. It comes about where two servers do one request.
var ErrTaken = errors.New("the idempotency key has a receipt already")

// Claim is what a store must know of a request with a key before it begins the
// request's write. The zero Claim is of a request without a key.
type Claim struct {
	Key   string
	Quota Quota // of the account's receipts
}

type claimOfContext struct{}

// WithClaim returns a context for the write of a request with a key.
func WithClaim(ctx context.Context, c Claim) context.Context {
	return context.WithValue(ctx, claimOfContext{}, c)
}

// ClaimOf returns the claim of a write's context.
func ClaimOf(ctx context.Context) Claim {
	c, _ := ctx.Value(claimOfContext{}).(Claim)
	return c
}

// Ready is called by a write as soon as its results are known, and returns the
// receipt to write in the same transaction, or nil. A nil Ready keeps none. When a
// transaction is retried, Ready is called again, perhaps on another goroutine, and
// the last call counts.
type Ready[T any] func(results T) *Receipt

// Receipt calls ready, unless it is nil.
func (ready Ready[T]) Receipt(results T) *Receipt {
	if ready == nil {
		return nil
	}
	return ready(results)
}

// ErrNoReceipt is the fault of a key that has no receipt. Stores return it.
var ErrNoReceipt = fault.New(fault.NotFound, "There is no answer to this key")

// Store keeps receipts. All of it is safe for concurrent use. The account is
// always the account's own id; keys of different accounts have nothing to do
// with each other.
//
// Most receipts come with a write of another store of the same database, whose
// methods take a [Ready]. When the key has a receipt already, the new one takes its
// place if that was over its Lifetime when the new one was created; otherwise
// the write fails with [ErrTaken]. A store reads the receipt's body only until
// its method returns.
//
// A [Keeper] knows only the requests of its own server. So a store that several
// servers share refuses a write whose [Claim] has a key that another server is
// doing a request for: at once, with [ErrRunning], and nothing is changed. A
// server that is gone is doing none.
//
// A write is refused before anything is done when the account's receipts take
// the Quota of its Claim already: with the TooMany fault of [Quota.Exceeded].
type Store interface {
	// Receipt returns the receipt of a key, however old, or [ErrNoReceipt].
	Receipt(ctx context.Context, account account.ID, key string) (Receipt, error)

	// AddReceipt keeps an answer that no other write has to do with.
	AddReceipt(ctx context.Context, account account.ID, r Receipt) error

	// ReceiptTotal returns what the receipts of an account take, expired ones
	// that were not deleted yet included. It reads a counter, which every write
	// moves in its own transaction.
	ReceiptTotal(ctx context.Context, account account.ID) (Total, error)

	// DeleteReceipts deletes receipts of any account that were created before
	// this time, the oldest first and limit at most, and returns how many.
	DeleteReceipts(ctx context.Context, before time.Time, limit int) (deleted int, err error)
}
