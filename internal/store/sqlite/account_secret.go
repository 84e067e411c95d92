package sqlite

import (
	"context"
	"errors"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
)

// Secret implements [account.Store].
func (db *DB) Secret(ctx context.Context, accountID account.ID, p account.Purpose, fresh []byte) ([]byte, error) {
	secret, err := db.secret(ctx, accountID, p)
	if !errors.Is(err, errNoRow) {
		return secret, storeError("read secret", err)
	}
	err = db.write(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `INSERT INTO secrets (account_id, purpose, secret) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			&sqlitex.ExecOptions{Args: []any{accountID, p, fresh}})
	})
	if err == nil {
		secret, err = db.secret(ctx, accountID, p)
	}
	return secret, storeError("make secret", err)
}

func (db *DB) secret(ctx context.Context, accountID account.ID, p account.Purpose) (secret []byte, err error) {
	err = db.read(ctx, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT secret FROM secrets WHERE account_id = ? AND purpose = ?`, []any{accountID, p},
			func(stmt *sqlite.Stmt) error {
				secret = make([]byte, stmt.ColumnLen(0))
				stmt.ColumnBytes(0, secret)
				return nil
			})
	})
	return secret, err
}
