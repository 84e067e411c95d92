package summary

import (
	"context"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
)

const (
	// lifetime is how long a summary is good for while the number of contacts
	// stays about the same, and leastLifetime how long it is good for whatever
	// that number does. Otherwise none would be while a large file is imported.
	lifetime      = 5 * time.Minute
	leastLifetime = 15 * time.Second
	// moved is by what part of itself the number of contacts may change
	// meanwhile.
	moved = 0.01
	// maxKept bounds the accounts whose summaries are kept.
	maxKept = 500
)

// Keeper makes summaries and keeps them. It is safe for concurrent use.
type Keeper struct {
	store Store
	clock clock.Clock
	// counting is held by the one who counts: a scan at a time is enough for
	// the disk.
	counting chan struct{}

	mu   sync.Mutex
	kept map[int64]Summary // by account
}

// NewKeeper returns a Keeper over store.
func NewKeeper(store Store, c clock.Clock) *Keeper {
	return &Keeper{store: store, clock: c, counting: make(chan struct{}, 1), kept: make(map[int64]Summary)}
}

// Kept returns the account's summary when there is one that is good enough for
// an account that has so many contacts.
func (k *Keeper) Kept(acct account.Account, contacts int) (Summary, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.kept[acct.ID]
	if !ok {
		return Summary{}, false
	}
	age := k.clock.Now().Sub(s.Made)
	far := float64(max(s.Contacts, contacts)-min(s.Contacts, contacts)) > moved*float64(s.Contacts)
	return s, age < leastLifetime && s.Contacts > 0 || age < lifetime && !far
}

// Summary returns the account's summary, which it makes unless there is one that
// is good enough. That takes about a second for a million contacts; whoever else
// asks meanwhile waits.
func (k *Keeper) Summary(ctx context.Context, acct account.Account, contacts int) (Summary, error) {
	if s, ok := k.Kept(acct, contacts); ok {
		return s, nil
	}
	select {
	case k.counting <- struct{}{}:
	case <-ctx.Done():
		return Summary{}, context.Cause(ctx)
	}
	defer func() { <-k.counting }()
	if s, ok := k.Kept(acct, contacts); ok { // made while this one waited
		return s, nil
	}
	made := k.clock.Now()
	s, err := count(ctx, k.store, acct)
	if err != nil {
		return Summary{}, err
	}
	s.Made = made
	k.keep(acct.ID, s)
	return s, nil
}

func (k *Keeper) keep(account int64, s Summary) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[account] = s
	if len(k.kept) <= maxKept {
		return
	}
	oldest := account
	for other, kept := range k.kept {
		if kept.Made.Before(k.kept[oldest].Made) {
			oldest = other
		}
	}
	delete(k.kept, oldest)
}
