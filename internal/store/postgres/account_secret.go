package postgres

import (
	"context"

	"callbook/internal/account"
)

// Secret implements [account.Store].
func (db *DB) Secret(ctx context.Context, accountID account.ID, p account.Purpose, fresh []byte) ([]byte, error) {
	secret, err := db.secret(ctx, accountID, p)
	if !noRow(err) {
		return secret, storeError("read secret", err)
	}
	err = db.write(ctx, account.None, "make secret", func(t *tx) error {
		t.queue(`INSERT INTO secrets (account_id, purpose, secret) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, accountID, p, fresh)
		return nil
	})
	if err != nil {
		return nil, err
	}
	secret, err = db.secret(ctx, accountID, p)
	return secret, storeError("read secret", err)
}

func (db *DB) secret(ctx context.Context, accountID account.ID, p account.Purpose) (secret []byte, err error) {
	err = db.row(ctx, purpose{}, `SELECT secret FROM secrets WHERE account_id = $1 AND purpose = $2`, []any{accountID, p}, []any{&secret})
	return secret, err
}
