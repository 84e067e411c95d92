package account

import (
	"context"
	"crypto/rand"
)

// Purpose is what a secret of an account is for.
type Purpose uint8

// The purposes. The zero Purpose is not one.
const (
	ReportLinks   Purpose = iota + 1 // signs links to reports
	Callbacks                        // signs callbacks
	ErasedNumbers                    // makes the marks of numbers that were erased
)

// secretBytes is the length of a secret.
const secretBytes = 32

// secretKey identifies a secret.
type secretKey struct {
	account ID
	purpose Purpose
}

// Secret returns the account's secret for a purpose: 32 random bytes, created on the
// first call. The caller must not change them.
func (d *Directory) Secret(ctx context.Context, acct Account, p Purpose) ([]byte, error) {
	key := secretKey{acct.ID, p}
	d.mu.Lock()
	secret := d.secrets[key]
	d.mu.Unlock()
	if secret != nil {
		return secret, nil
	}
	fresh := make([]byte, secretBytes)
	_, _ = rand.Read(fresh) // never fails
	secret, err := d.store.Secret(ctx, acct.ID, p, fresh)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.secrets) >= maxKnown {
		clear(d.secrets)
	}
	d.secrets[key] = secret
	return secret, nil
}
