package account

import (
	"context"
	"crypto/subtle"
	"sync"
	"time"

	"callbook/internal/clock"
	"callbook/internal/fault"
)

// Directory holds the accounts and keys, and tells who is asking. It is safe
// for concurrent use.
type Directory struct {
	store Store
	clock clock.Clock

	mu      sync.Mutex
	known   map[string]knownKey  // by key id
	used    map[string]time.Time // last use of each key, not yet in the store
	secrets map[secretKey][]byte
}

// knownKey is what the store said of a key a moment ago.
type knownKey struct {
	Credentials
	asked time.Time
}

const (
	// knownFor is how long the store's word on a key is good. A key that is
	// revoked by another process works on for so long, and no longer.
	knownFor = 500 * time.Millisecond
	// maxKnown bounds the memory for keys; only real keys are remembered.
	maxKnown = 10_000
)

// NewDirectory returns a Directory over store.
func NewDirectory(store Store, c clock.Clock) *Directory {
	return &Directory{
		store:   store,
		clock:   c,
		known:   make(map[string]knownKey),
		used:    make(map[string]time.Time),
		secrets: make(map[secretKey][]byte),
	}
}

// ErrUnauthenticated is the fault of one whose key and token let nobody in.
var ErrUnauthenticated = fault.New(fault.Unauthenticated, "The API key or token is wrong or missing")

// Caller is who sends a request.
type Caller struct {
	Account Account
	Key     string // the id of the API key; "" when a link began the session
}

// Authenticate returns who has the key and its token. A key that is
// unknown, revoked or expired, and a token that is not the key's, are one and
// the same Unauthenticated fault.
func (d *Directory) Authenticate(ctx context.Context, keyID, token string) (Caller, error) {
	c, err := d.credentials(ctx, keyID)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			return Caller{}, ErrUnauthenticated
		}
		return Caller{}, err
	}
	hash := hashToken(token)
	if subtle.ConstantTimeCompare(hash[:], c.Hash[:]) != 1 || c.Key.Ended(d.clock.Now()) {
		return Caller{}, ErrUnauthenticated
	}
	d.mu.Lock()
	d.used[keyID] = d.clock.Now()
	d.mu.Unlock()
	return Caller{Account: c.Account, Key: keyID}, nil
}

// Recognises tells whether the token was the key's when the store was last asked,
// however long ago and whatever became of the key since: one who has it guesses
// nothing. It asks the store for nothing.
func (d *Directory) Recognises(keyID, token string) bool {
	d.mu.Lock()
	k, ok := d.known[keyID]
	d.mu.Unlock()
	hash := hashToken(token)
	return ok && subtle.ConstantTimeCompare(hash[:], k.Hash[:]) == 1
}

func (d *Directory) credentials(ctx context.Context, keyID string) (Credentials, error) {
	now := d.clock.Now()
	d.mu.Lock()
	k, ok := d.known[keyID]
	d.mu.Unlock()
	if ok && now.Sub(k.asked) < knownFor {
		return k.Credentials, nil
	}
	c, err := d.store.Credentials(ctx, keyID)
	if err != nil {
		return Credentials{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.known) >= maxKnown {
		clear(d.known)
	}
	d.known[keyID] = knownKey{Credentials: c, asked: now}
	return c, nil
}

// FlushUsed writes to the store when each key was last used. What cannot be
// written is kept for the next time.
func (d *Directory) FlushUsed(ctx context.Context) error {
	d.mu.Lock()
	used := d.used
	d.used = make(map[string]time.Time)
	d.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	err := d.store.KeysUsed(ctx, used)
	if err != nil {
		d.mu.Lock()
		for id, at := range used {
			if d.used[id].Before(at) {
				d.used[id] = at
			}
		}
		d.mu.Unlock()
	}
	return err
}
