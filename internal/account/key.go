package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"callbook/internal/fault"
)

// Key is an API key, with which a program authenticates. It does not contain the
// token, which is shown once, when the key is created. Only the token's hash is
// stored.
type Key struct {
	ID       string // the user name of HTTP Basic; what the wire calls api_key
	Name     string // what its owner calls it; may be empty
	Created  time.Time
	LastUsed time.Time // zero: never
	Revoked  time.Time // zero: not revoked
	Expires  time.Time // zero: never
}

// TokenHash is the SHA-256 of a token. A token is 32 random bytes, so it needs
// no slow hash: there is nothing to guess.
type TokenHash [sha256.Size]byte

// Credentials are what it takes to check a key.
type Credentials struct {
	Account Account
	Key     Key
	Hash    TokenHash
}

const (
	keyBytes   = 16
	tokenBytes = 32
	// MaxKeyNameLength is how many characters a key's name may have.
	MaxKeyNameLength = 255
	// MaxKeyLifetime is how long a key that expires may be good for.
	MaxKeyLifetime = 10 * 366 * 24 * time.Hour
)

// The fields of a new key that faults are about.
const (
	FieldKeyName     fault.Field = "key_name"
	FieldKeyLifetime fault.Field = "key_lifetime"
)

// Ended tells whether the key lets nobody in any more, since it was revoked or
// has expired.
func (k Key) Ended(now time.Time) bool {
	return !k.Revoked.IsZero() || !k.Expires.IsZero() && !now.Before(k.Expires)
}

// CreateKey makes a key for the account and returns it with its token, which
// cannot be had a second time. Lifetime is how long the key is good for; zero
// means until it is revoked. An unknown account is a NotFound fault.
func (d *Directory) CreateKey(ctx context.Context, accountSID, name string, lifetime time.Duration) (k Key, token string, err error) {
	return d.createKey(ctx, randomHex(keyBytes), accountSID, name, lifetime)
}

// CreateKeyOnce is [Directory.CreateKey] for a request that may come several times, and
// to several servers at once: it makes one key. Whoever asks again gets that key, with a
// Duplicate fault and without its token. Request is the hash of the request.
func (d *Directory) CreateKeyOnce(ctx context.Context, request [sha256.Size]byte, accountSID, name string, lifetime time.Duration) (k Key, token string, err error) {
	id := sha256.Sum256(append([]byte(accountSID+" "), request[:]...))
	k, token, err = d.createKey(ctx, hex.EncodeToString(id[:keyBytes]), accountSID, name, lifetime)
	if err == nil || fault.As(err) != nil {
		return k, token, err
	}
	// The store refuses an id that is taken.
	if there, readErr := d.store.Credentials(ctx, hex.EncodeToString(id[:keyBytes])); readErr == nil {
		return there.Key, "", errKeyMade
	}
	return Key{}, "", err
}

var errKeyMade = fault.New(fault.Duplicate, "this key was made already")

func (d *Directory) createKey(ctx context.Context, id, accountSID, name string, lifetime time.Duration) (k Key, token string, err error) {
	if err := CheckKeyName(name); err != nil {
		return Key{}, "", err
	}
	if lifetime < 0 || lifetime > MaxKeyLifetime {
		return Key{}, "", fault.InvalidField(FieldKeyLifetime, "a key expires after at least a moment and at most ten years")
	}
	acct, err := d.store.Account(ctx, accountSID)
	if err != nil {
		return Key{}, "", err
	}
	k = Key{ID: id, Name: name, Created: d.clock.Now()}
	if lifetime > 0 {
		k.Expires = k.Created.Add(lifetime)
	}
	token = randomHex(tokenBytes)
	if err := d.store.CreateKey(ctx, acct.ID, k, hashToken(token)); err != nil {
		return Key{}, "", err
	}
	return k, token, nil
}

// CheckKeyName returns an Invalid fault if a key cannot have this name.
func CheckKeyName(name string) error {
	if utf8.RuneCountInString(name) > MaxKeyNameLength || !utf8.ValidString(name) || strings.ContainsFunc(name, breaksLine) {
		return fault.InvalidField(FieldKeyName, fmt.Sprintf(
			"the name of a key is one line of at most %d characters, in UTF-8 and without control characters", MaxKeyNameLength))
	}
	return nil
}

// breaksLine tells whether a character of a name ends its line, or may move the cursor
// of a terminal.
func breaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// Keys returns the account's keys, oldest first, revoked ones too. An unknown
// account is a NotFound fault.
func (d *Directory) Keys(ctx context.Context, accountSID string) ([]Key, error) {
	acct, err := d.store.Account(ctx, accountSID)
	if err != nil {
		return nil, err
	}
	return d.store.Keys(ctx, acct.ID)
}

// RevokeKey ends a key: within a second no server lets it in any more. Revoking
// it again changes nothing. An unknown key is a NotFound fault.
func (d *Directory) RevokeKey(ctx context.Context, id string) (Key, error) {
	k, err := d.store.RevokeKey(ctx, id, d.clock.Now())
	d.mu.Lock()
	delete(d.known, id)
	d.mu.Unlock()
	return k, err
}

// RevokeKeyOf is RevokeKey for a key of this account: another's is a NotFound
// fault, as one that is not there.
func (d *Directory) RevokeKeyOf(ctx context.Context, acct Account, id string) (Key, error) {
	if _, err := d.KeyOf(ctx, acct, id); err != nil {
		return Key{}, err
	}
	return d.RevokeKey(ctx, id)
}

// KeyOf returns a key of the account; another's is a NotFound fault, as one
// that is not there.
func (d *Directory) KeyOf(ctx context.Context, acct Account, id string) (Key, error) {
	c, err := d.store.Credentials(ctx, id)
	if err != nil {
		return Key{}, err
	}
	if c.Account.ID != acct.ID {
		return Key{}, fault.New(fault.NotFound, fmt.Sprintf("there is no API key %q", id))
	}
	return c.Key, nil
}

func hashToken(token string) TokenHash { return sha256.Sum256([]byte(token)) }

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b)
}
