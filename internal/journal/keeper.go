package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/fault"
)

const (
	// cleanEvery is how often expired receipts are deleted. CleanBatch is how many one
	// transaction deletes; each may have megabytes.
	cleanEvery = time.Minute
	cleanBatch = 50
)

// Faults of requests with a key.
var (
	// ErrRunning is the fault of a request whose key is in use by another request right
	// now.
	ErrRunning = &fault.Error{
		Kind:       fault.InProgress,
		Detail:     "The first request with this Idempotency-Key is still running",
		RetryAfter: time.Second,
	}
	// ErrReused is the fault of a request whose key a different request has used.
	ErrReused = fault.New(fault.KeyReused, "Another request came with this Idempotency-Key")

	errKey = fault.New(fault.Invalid, fmt.Sprintf("Invalid Idempotency-Key: it must be 1 to %d visible ASCII characters", MaxKeyLength))
)

// Options configure a [Keeper]. The zero value is the default.
type Options struct {
	// Clock gives the dates of receipts and tells their age; nil means [clock.System].
	Clock clock.Clock
	// Log receives errors that no caller is told; nil means slog.Default().
	Log *slog.Logger
	// Quota is how many bytes the receipts of an account may take; zero means
	// [DefaultQuota].
	Quota int64
	// Keep is how long receipts are kept, [Lifetime] at least; zero means [Lifetime].
	Keep time.Duration
}

// Keeper makes sure that of all requests with the same key only one is done, and that the
// others get its answer. It is safe for concurrent use.
type Keeper struct {
	store Store
	clock clock.Clock
	log   *slog.Logger
	quota int64
	keep  time.Duration

	mu      sync.Mutex
	running map[slot]chan struct{} // one channel for each key in use; closed when the key is free
}

// slot is a key of an account.
type slot struct {
	account account.ID
	key     string
}

// New returns a Keeper that stores receipts in store.
func New(store Store, opts Options) *Keeper {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.Quota == 0 {
		opts.Quota = DefaultQuota
	}
	return &Keeper{store: store, clock: cmp.Or(opts.Clock, clock.System), log: opts.Log, quota: opts.Quota, keep: max(opts.Keep, Lifetime), running: make(map[slot]chan struct{})}
}

// Attempt is a request that has its key to itself until End. It belongs to one request.
// Only Receipt may be called from another goroutine at the same time.
type Attempt struct {
	keeper  *Keeper
	slot    slot
	request [32]byte
	known   bool // whether request is set
}

// Begin takes the key for a request. The caller must call [Attempt.End]. The error is an
// Invalid fault if the key is not valid, and [ErrRunning] if another request has it.
func (k *Keeper) Begin(account account.ID, key string) (*Attempt, error) {
	if err := check(key); err != nil {
		return nil, err
	}
	s := slot{account, key}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, taken := k.running[s]; taken {
		return nil, ErrRunning
	}
	k.running[s] = make(chan struct{})
	return &Attempt{keeper: k, slot: s}, nil
}

// BeginNext is like [Keeper.Begin], but waits while another request has the key. If ctx
// ends first, the error is its cause.
func (k *Keeper) BeginNext(ctx context.Context, account account.ID, key string) (*Attempt, error) {
	for {
		a, err := k.Begin(account, key)
		if !errors.Is(err, ErrRunning) {
			return a, err
		}
		k.mu.Lock()
		free := k.running[slot{account, key}]
		k.mu.Unlock()
		if free == nil {
			continue // it has ended in the meantime
		}
		select {
		case <-free:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Find returns the receipt of a key, for any request. It returns nil if there is none, or
// if it has expired.
func (k *Keeper) Find(ctx context.Context, account account.ID, key string) (*Receipt, error) {
	if check(key) != nil {
		return nil, nil
	}
	r, err := k.store.Receipt(ctx, account, key)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case k.clock.Now().Sub(r.Created) >= k.keep:
		return nil, nil
	}
	return &r, nil
}

func check(key string) error {
	if len(key) < 1 || len(key) > MaxKeyLength {
		return errKey
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return errKey
		}
	}
	return nil
}

// End frees the key. The answer must have been stored before, if it is to be kept.
func (a *Attempt) End() {
	a.keeper.mu.Lock()
	defer a.keeper.mu.Unlock()
	close(a.keeper.running[a.slot])
	delete(a.keeper.running, a.slot)
}

// Context returns a context for the request's write. It contains the request's [Claim].
func (a *Attempt) Context(ctx context.Context) context.Context {
	return a.claiming(ctx, a.keeper.quota)
}

// PageContext is like [Attempt.Context], for the receipts of the dashboard. They may take
// [PageQuota] more bytes, so that forms still work after programs have used up the quota.
func (a *Attempt) PageContext(ctx context.Context) context.Context {
	return a.claiming(ctx, a.keeper.quota+PageQuota)
}

func (a *Attempt) claiming(ctx context.Context, quota int64) context.Context {
	return WithClaim(ctx, Claim{Key: a.slot.key, Quota: Quota{Bytes: quota, Now: a.keeper.clock.Now(), Keep: a.keeper.keep}})
}

// Answer returns the stored receipt if the request was done before, and nil if it still
// has to be done. Request is its SHA-256. The error is [ErrReused] if a different request
// has used the key.
func (a *Attempt) Answer(ctx context.Context, request [32]byte) (*Receipt, error) {
	a.request, a.known = request, true
	r, err := a.keeper.store.Receipt(ctx, a.slot.account, a.slot.key)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	switch {
	case err != nil:
		return nil, err
	case a.keeper.clock.Now().Sub(r.Created) >= a.keeper.keep:
		return nil, nil
	case r.Request != request:
		return nil, ErrReused
	}
	return &r, nil
}

// Overtaken is for use after [ErrTaken]. It returns the receipt of the server that did
// the request in the meantime. If that has expired, the error is [ErrRunning], so that
// the client sends the request once more.
func (a *Attempt) Overtaken(ctx context.Context) (*Receipt, error) {
	r, err := a.Answer(ctx, a.request)
	if err == nil && r == nil {
		err = ErrRunning
	}
	return r, err
}

// Known reports whether [Attempt.Answer] was called. Before that, no receipt can be
// stored, since it needs the request's hash.
func (a *Attempt) Known() bool { return a.known }

// Receipt returns the receipt for an answer. The transaction of the request's work must
// store it. It compresses the body or refers to it; it does not copy it.
func (a *Attempt) Receipt(status int, body []byte) *Receipt {
	encoding, stored := encode(body)
	return &Receipt{
		Key: a.slot.key, Request: a.request, Status: status, Encoding: encoding, Body: stored, Created: a.keeper.clock.Now(),
	}
}

// Keep stores an answer that belongs to no other transaction. The context must come from
// [Attempt.Context] or [Attempt.PageContext].
func (a *Attempt) Keep(ctx context.Context, status int, body []byte) error {
	return a.keeper.store.AddReceipt(ctx, a.slot.account, *a.Receipt(status, body))
}

// Run deletes expired receipts from time to time, until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	clock.Job{
		Clock: k.clock, Every: cleanEvery, Do: k.clean,
		Log: k.log, Failed: "expired answers could not be deleted; it will be tried again",
	}.Run(ctx)
}

// clean deletes expired receipts in batches, so that other writes need not wait long.
func (k *Keeper) clean(ctx context.Context) error {
	for {
		deleted, err := k.store.DeleteReceipts(ctx, k.clock.Now().Add(-k.keep), cleanBatch)
		if err != nil || deleted < cleanBatch {
			return err
		}
	}
}
