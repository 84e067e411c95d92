package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
	"unicode/utf8"

	"callbook/internal/fault"
)

// Key lets a program in. Its token is not part of it: that is shown once, when
// the key is made, and kept only as a hash.
type Key struct {
	ID       string // the user name of HTTP Basic; what the wire calls api_key
	Name     string // what its owner calls it; may be empty
	Created  time.Time
	LastUsed time.Time // zero: never
	Revoked  time.Time // zero: not revoked
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
)

// CreateKey makes a key for the account and returns it with its token, which
// cannot be had a second time. An unknown account is a NotFound fault.
func (d *Directory) CreateKey(ctx context.Context, accountSID, name string) (k Key, token string, err error) {
	if utf8.RuneCountInString(name) > MaxKeyNameLength || !utf8.ValidString(name) {
		return Key{}, "", fault.New(fault.Invalid, fmt.Sprintf(
			"the name of a key has at most %d characters, in UTF-8", MaxKeyNameLength))
	}
	acct, err := d.store.Account(ctx, accountSID)
	if err != nil {
		return Key{}, "", err
	}
	k = Key{ID: randomHex(keyBytes), Name: name, Created: d.now()}
	token = randomHex(tokenBytes)
	if err := d.store.CreateKey(ctx, acct.ID, k, hashToken(token)); err != nil {
		return Key{}, "", err
	}
	return k, token, nil
}

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
	return d.store.RevokeKey(ctx, id, d.now())
}

func hashToken(token string) TokenHash { return sha256.Sum256([]byte(token)) }

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b)
}
