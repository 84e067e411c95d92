package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"callbook/internal/audit"
	"callbook/internal/fault"
)

// Key is an API key, with which a program authenticates. It does not contain the
// token, which is shown once, when the key is created. Only the token's hash is
// stored.
type Key struct {
	ID       string // the user name of HTTP Basic; api_key on the wire
	Name     string // the owner's name for it; may be empty
	Created  time.Time
	LastUsed time.Time // zero means never
	Revoked  time.Time // zero means not revoked
	Expires  time.Time // zero means never
	Access   Access
}

// KeyDraft describes a new key. Zero Lifetime means that it never expires.
type KeyDraft struct {
	Name     string
	Lifetime time.Duration
	Access   Access
}

// TokenHash is the SHA-256 of a token. A token is 32 random bytes, which cannot be
// guessed, so no slow hash is needed.
type TokenHash [sha256.Size]byte

// Credentials are what is needed to check a key.
type Credentials struct {
	Account Account
	Key     Key
	Hash    TokenHash
}

const (
	keyBytes   = 16
	tokenBytes = 32
	// MaxKeyNameLength bounds a key's name in characters.
	MaxKeyNameLength = 255
	// MaxKeyLifetime is the longest lifetime of a key that expires.
	MaxKeyLifetime = 10 * 366 * 24 * time.Hour
)

// The fields of a new key, for faults.
const (
	FieldKeyName     fault.Field = "key_name"
	FieldKeyLifetime fault.Field = "key_lifetime"
)

// Ended reports whether the key is revoked or has expired.
func (k Key) Ended(now time.Time) bool {
	return !k.Revoked.IsZero() || !k.Expires.IsZero() && !now.Before(k.Expires)
}

// CreateKey creates a key for the account. It returns the key and its token, which cannot
// be retrieved later. The error for an unknown account is a NotFound fault.
func (d *Directory) CreateKey(ctx context.Context, accountSID string, draft KeyDraft) (k Key, token string, err error) {
	return d.createKey(ctx, randomHex(keyBytes), accountSID, draft)
}

// CreateKeyOnce is [Directory.CreateKey] for a request that may be retried, even on
// another server: it creates one key. Request is the hash of the request. A retry gets
// the key with a Duplicate fault and without its token.
func (d *Directory) CreateKeyOnce(ctx context.Context, request [sha256.Size]byte, accountSID string, draft KeyDraft) (k Key, token string, err error) {
	id := keyOnce(accountSID, request)
	k, token, err = d.createKey(ctx, id, accountSID, draft)
	if err == nil || fault.As(err) != nil {
		return k, token, err
	}
	// The store has refused an id that is taken.
	if there, readErr := d.store.Credentials(ctx, id); readErr == nil {
		return there.Key, "", errKeyMade
	}
	return Key{}, "", err
}

// keyOnce returns the id of the key that a request creates, for an account or in the place
// of another key.
func keyOnce(of string, request [sha256.Size]byte) string {
	id := sha256.Sum256(append([]byte(of+" "), request[:]...))
	return hex.EncodeToString(id[:keyBytes])
}

var errKeyMade = fault.New(fault.Duplicate, "this key was made already")

func (d *Directory) createKey(ctx context.Context, id, accountSID string, draft KeyDraft) (k Key, token string, err error) {
	if err := CheckKeyName(draft.Name); err != nil {
		return Key{}, "", err
	}
	if draft.Lifetime < 0 || draft.Lifetime > MaxKeyLifetime {
		return Key{}, "", fault.InvalidField(FieldKeyLifetime, "a key expires after at least a moment and at most ten years")
	}
	acct, err := d.store.Account(ctx, accountSID)
	if err != nil {
		return Key{}, "", err
	}
	if !acct.Deleted.IsZero() {
		return Key{}, "", ErrDeleted
	}
	k = Key{ID: id, Name: draft.Name, Created: d.clock.Now(), Access: draft.Access}
	if draft.Lifetime > 0 {
		k.Expires = k.Created.Add(draft.Lifetime)
	}
	token = randomHex(tokenBytes)
	ctx, _ = audit.Begin(ctx, acct.ID, audit.Change{Action: audit.KeysCreate, Object: id, Done: 1, Fields: k.Access.fields()})
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

// breaksLine reports whether r ends a line or may move the cursor of a terminal.
func breaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// Keys returns all keys of the account, including revoked ones, the oldest first, but for
// those of [Directory.KeyForCommand]. The error for an unknown account is a NotFound fault.
func (d *Directory) Keys(ctx context.Context, accountSID string) ([]Key, error) {
	acct, err := d.store.Account(ctx, accountSID)
	if err != nil {
		return nil, err
	}
	keys, err := d.store.Keys(ctx, acct.ID)
	return slices.DeleteFunc(keys, Key.forCommand), err
}

// RevokeKey revokes a key. Within a second, all servers refuse it. Revoking it again
// changes nothing. The error for an unknown key is a NotFound fault.
func (d *Directory) RevokeKey(ctx context.Context, id string) (Key, error) {
	c, err := d.store.Credentials(ctx, id)
	if err != nil {
		return Key{}, err
	}
	if c.Key.Revoked.IsZero() {
		ctx, _ = audit.Begin(ctx, c.Account.ID, audit.Change{Action: audit.KeysRevoke, Object: id, Done: 1})
	}
	k, err := d.store.RevokeKey(ctx, id, d.clock.Now())
	d.mu.Lock()
	delete(d.known, id)
	d.mu.Unlock()
	return k, err
}

// RevokeKeyOf is RevokeKey for a key of this account. The error for another account's key
// is a NotFound fault too.
func (d *Directory) RevokeKeyOf(ctx context.Context, acct Account, id string) (Key, error) {
	if _, err := d.KeyOf(ctx, acct, id); err != nil {
		return Key{}, err
	}
	return d.RevokeKey(ctx, id)
}

// KeyOf returns a key of the account. The error for an unknown key or another account's
// key is a NotFound fault.
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

// MaxOverlap bounds how long both keys of a rotation work.
const MaxOverlap = 366 * 24 * time.Hour

// FieldOverlap is the field of a rotation's overlap, for faults.
const FieldOverlap fault.Field = "overlap"

// RotateKey creates a key like another one, and lets the old key expire after overlap. It
// returns the new key, its token, the old key and the account's sid. If the old key expires
// earlier anyway, that stays so. A new key does not expire, unless the old one does: then
// it lives as long as that one did. The error for a key that has ended is an Invalid fault.
func (d *Directory) RotateKey(ctx context.Context, id string, overlap time.Duration) (k Key, token string, old Key, accountSID string, err error) {
	return d.rotateKey(ctx, randomHex(keyBytes), id, overlap)
}

// RotateKeyOnce is [Directory.RotateKey] for a request that may be retried, as
// [Directory.CreateKeyOnce] is for a new key.
func (d *Directory) RotateKeyOnce(ctx context.Context, request [sha256.Size]byte, id string, overlap time.Duration) (k Key, token string, err error) {
	fresh := keyOnce(id, request)
	if k, token, _, _, err = d.rotateKey(ctx, fresh, id, overlap); err == nil {
		return k, token, nil
	}
	if there, readErr := d.store.Credentials(ctx, fresh); readErr == nil {
		return there.Key, "", errKeyMade
	}
	return Key{}, "", err
}

// rotateKey is RotateKey with the id of the new key.
func (d *Directory) rotateKey(ctx context.Context, fresh, id string, overlap time.Duration) (k Key, token string, old Key, accountSID string, err error) {
	if overlap < 0 || overlap > MaxOverlap {
		return Key{}, "", Key{}, "", fault.InvalidField(FieldOverlap, "both keys work together for a year at most")
	}
	c, err := d.store.Credentials(ctx, id)
	if err != nil {
		return Key{}, "", Key{}, "", err
	}
	now := d.clock.Now()
	if c.Key.Ended(now) {
		return Key{}, "", Key{}, "", fault.New(fault.Invalid, fmt.Sprintf("API key %s has ended: create a new one", id))
	}
	draft := KeyDraft{Name: c.Key.Name, Access: c.Key.Access}
	if !c.Key.Expires.IsZero() {
		draft.Lifetime = c.Key.Expires.Sub(c.Key.Created)
	}
	// If this stops between the two, both keys work, and rotating again is harmless.
	if k, token, err = d.createKey(ctx, fresh, c.Account.SID, draft); err != nil {
		return Key{}, "", Key{}, "", err
	}
	ctx, _ = audit.Begin(ctx, c.Account.ID, audit.Change{Action: audit.KeysExpire, Object: id, Done: 1})
	old, err = d.store.ExpireKey(ctx, id, now.Add(overlap))
	d.mu.Lock()
	delete(d.known, id)
	d.mu.Unlock()
	return k, token, old, c.Account.SID, err
}

func hashToken(token string) TokenHash { return sha256.Sum256([]byte(token)) }

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand crashes the program instead
	return hex.EncodeToString(b)
}
