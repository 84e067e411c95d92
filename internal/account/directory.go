package account

import (
	"context"
	"crypto/subtle"
	"sync"
	"time"

	"callbook/internal/clock"
	"callbook/internal/fault"
)

// Directory manages accounts and keys, and authenticates callers. It is safe for
// concurrent use.
type Directory struct {
	store Store
	clock clock.Clock

	mu      sync.Mutex
	known   map[string]knownKey  // by key id
	used    map[string]time.Time // the last use of each key, not stored yet
	secrets map[secretKey][]byte
}

// knownKey is a cached key, with the time when the store was asked.
type knownKey struct {
	Credentials
	asked time.Time
}

const (
	// knownFor is how long a cached key is valid. A key that another process revokes
	// keeps working for at most this time.
	knownFor = 500 * time.Millisecond
	// maxKnown bounds the cached keys. Only keys that exist are cached.
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

// ErrUnauthenticated is the fault of a key and token that are not valid together.
var ErrUnauthenticated = fault.New(fault.Unauthenticated, "The API key or token is wrong or missing")

// Caller is the sender of a request.
type Caller struct {
	Account Account
	Key     string // the id of the API key, or "" if a link began the session
	Access  Access // of the key
	Session string // the hash of the session in hex, or "" if the request has the key itself
}

// Authenticate returns the caller with this key and token. An unknown, revoked or expired
// key and a wrong token all return the same Unauthenticated fault. The error for an account
// that may not be used is that of [Account.Refusal].
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
	if err := c.Account.Refusal(); err != nil {
		return Caller{}, err
	}
	d.mu.Lock()
	d.used[keyID] = d.clock.Now()
	d.mu.Unlock()
	return Caller{Account: c.Account, Key: keyID, Access: c.Key.Access}, nil
}

// Access returns what a key may do, and from where. The error for an unknown key is a
// NotFound fault.
func (d *Directory) Access(ctx context.Context, keyID string) (Access, error) {
	c, err := d.credentials(ctx, keyID)
	return c.Key.Access, err
}

// Recognises reports whether the cache has the key with this token, whatever became of
// the key since. Such a caller is not guessing. It does not ask the store.
func (d *Directory) Recognises(keyID, token string) bool {
	d.mu.Lock()
	k, ok := d.known[keyID]
	d.mu.Unlock()
	hash := hashToken(token)
	return ok && subtle.ConstantTimeCompare(hash[:], k.Hash[:]) == 1
}

// Cached returns a key and its account, even if the key has ended, if the cache has them.
// A key that [Directory.Authenticate] has just accepted or refused is in it, if there is
// such a key. Cached does not ask the store.
func (d *Directory) Cached(keyID string) (Credentials, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, ok := d.known[keyID]
	return k.Credentials, ok
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

// FlushUsed stores the last use of each key. After an error, it retries with the next
// call.
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
