package summary

import (
	"context"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
)

const (
	// lifetime is how long a cached summary is valid while the number of contacts
	// changes by no more than maxChange. For minLifetime it is valid whatever the
	// number does, so that an import of a large file does not defeat the cache.
	lifetime    = 5 * time.Minute
	minLifetime = 15 * time.Second
	// maxChange is a fraction of the number of contacts.
	maxChange = 0.01
	// maxCached bounds the accounts whose summaries are cached.
	maxCached = 500
)

// Keeper makes summaries and caches them. It is safe for concurrent use.
type Keeper struct {
	store Store
	clock clock.Clock
	// counting is a mutex: one scan at a time is enough for the disk.
	counting chan struct{}

	mu    sync.Mutex
	cache map[account.ID]Summary // by account
}

// NewKeeper returns a Keeper over store.
func NewKeeper(store Store, c clock.Clock) *Keeper {
	return &Keeper{store: store, clock: c, counting: make(chan struct{}, 1), cache: make(map[account.ID]Summary)}
}

// Kept returns the account's cached summary, and whether it is valid now that the
// account has this many contacts.
func (k *Keeper) Kept(acct account.Account, contacts int) (Summary, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.cache[acct.ID]
	if !ok {
		return Summary{}, false
	}
	age := k.clock.Now().Sub(s.Made)
	far := float64(max(s.Contacts, contacts)-min(s.Contacts, contacts)) > maxChange*float64(s.Contacts)
	return s, age < minLifetime && s.Contacts > 0 || age < lifetime && !far
}

// Summary returns the account's summary. If none is cached, it makes one, which takes
// about a second for a million contacts. Other callers wait until it is done.
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
	if s, ok := k.Kept(acct, contacts); ok { // another call has made it in the meantime
		return s, nil
	}
	made := k.clock.Now()
	s, err := count(ctx, k.store, acct)
	if err != nil {
		return Summary{}, err
	}
	s.Made = made
	k.put(acct.ID, s)
	return s, nil
}

// put caches a summary, and evicts the oldest one if there are too many.
func (k *Keeper) put(account account.ID, s Summary) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cache[account] = s
	if len(k.cache) <= maxCached {
		return
	}
	oldest := account
	for other, cached := range k.cache {
		if cached.Made.Before(k.cache[oldest].Made) {
			oldest = other
		}
	}
	delete(k.cache, oldest)
}
