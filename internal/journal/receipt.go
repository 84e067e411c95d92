// Package journal stores the answers to requests that carry an idempotency key, in the
// transactions of their writes. A stored answer is a receipt. If the same request comes
// again under the same key, the receipt is its answer, and nothing is done again.
//
// Work and receipt are one transaction, whatever ends the server: either both are stored,
// or neither is.
//
// [Attempt.Context] puts the request's [Claim] into the context of its write, and the
// store takes it from there. When the results are known, the store calls the write's
// [Ready] function, which makes the receipt.
package journal

import (
	"context"
	"errors"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
)

// Lifetime is how long an answer is kept, unless [Options.Keep] says longer. Clients rely on
// it.
const Lifetime = 24 * time.Hour

// MaxKeyLength is how many characters a key may have, all of them visible
// ASCII.
const MaxKeyLength = 255

// Receipt is the stored answer to a request.
type Receipt struct {
	Key      string
	Request  [32]byte // the SHA-256 of the request
	Status   int      // of the answer
	Encoding Encoding // of Body
	Body     []byte   // of the answer, encoded; [Receipt.Open] reads it
	Created  time.Time
}

// ErrTaken is the error of a write whose key has a receipt already, which had not expired
// when the new one was created. Nothing was changed. It happens if two servers do the
// same request at once.
var ErrTaken = errors.New("the idempotency key has a receipt already")

// Claim tells a store, before it begins a write, about the request's key. The zero Claim
// is that of a request without a key.
type Claim struct {
	Key   string
	Quota Quota // of the account's receipts
}

type claimOfContext struct{}

// WithClaim returns a context that contains a claim.
func WithClaim(ctx context.Context, c Claim) context.Context {
	return context.WithValue(ctx, claimOfContext{}, c)
}

// ClaimOf returns the claim in a context, or the zero Claim.
func ClaimOf(ctx context.Context) Claim {
	c, _ := ctx.Value(claimOfContext{}).(Claim)
	return c
}

// Ready is a function that a write calls as soon as its results are known. It returns the
// receipt to store in the same transaction, or nil. A nil Ready stores none. If the
// transaction is retried, Ready is called again, perhaps on another goroutine; the last
// call counts.
type Ready[T any] func(results T) *Receipt

// Receipt calls ready, unless it is nil.
func (ready Ready[T]) Receipt(results T) *Receipt {
	if ready == nil {
		return nil
	}
	return ready(results)
}

// ErrNoReceipt is the fault of a key that has no receipt.
var ErrNoReceipt = fault.New(fault.NotFound, "There is no answer to this key")

// Store stores receipts. Its methods are safe for concurrent use. Accounts do not share
// keys.
//
// Most receipts come with a write of another store of the same database, whose method has
// a [Ready]. If the key has a receipt that is [Lifetime] or more older, the new one replaces
// it: where receipts are kept for longer, the keeper has looked for it before the write. If
// it has another receipt, the write fails with [ErrTaken]. A store must not use a receipt's body
// after its method has returned.
//
// A [Keeper] knows only the requests of its own server. So a store that several servers
// share must refuse a write whose [Claim] has a key that another server is working on: at
// once, with [ErrRunning], and without any change. A server that is gone works on none.
//
// If the account's receipts take the Quota of the Claim, a store must refuse the write
// before it changes anything, with the fault of [Quota.Exceeded].
type Store interface {
	// Receipt returns the receipt of a key, even an expired one, or [ErrNoReceipt].
	Receipt(ctx context.Context, account account.ID, key string) (Receipt, error)

	// AddReceipt stores an answer that belongs to no other write.
	AddReceipt(ctx context.Context, account account.ID, r Receipt) error

	// ReceiptTotal returns the total of an account's receipts, including expired ones. It
	// reads a counter that each write updates in its own transaction.
	ReceiptTotal(ctx context.Context, account account.ID) (Total, error)

	// DeleteReceipts deletes up to limit receipts of all accounts that were created
	// before a time, the oldest first. It returns how many.
	DeleteReceipts(ctx context.Context, before time.Time, limit int) (deleted int, err error)
}
