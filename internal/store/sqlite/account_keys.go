package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
)

const keyColumns = `api_keys.id, api_keys.name, api_keys.date_created, api_keys.date_last_used, api_keys.date_revoked,
	api_keys.date_expires, api_keys.scopes, api_keys.networks`

// CreateKey implements [account.Store].
func (db *DB) CreateKey(ctx context.Context, accountID account.ID, k account.Key, hash account.TokenHash) error {
	scopes, networks := k.Access.Encode()
	err := db.write(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn,
			`INSERT INTO api_keys (id, account_id, name, token_sha256, date_created, date_expires, scopes, networks) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			&sqlitex.ExecOptions{Args: []any{k.ID, accountID, k.Name, hash[:], k.Created.UnixNano(), nullableTime(k.Expires), scopes, networks}})
	})
	return storeError("create key", err)
}

// Keys implements [account.Store].
func (db *DB) Keys(ctx context.Context, accountID account.ID) ([]account.Key, error) {
	var keys []account.Key
	err := db.read(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn,
			`SELECT `+keyColumns+` FROM api_keys WHERE account_id = ? ORDER BY date_created, id`,
			&sqlitex.ExecOptions{
				Args: []any{accountID},
				ResultFunc: func(stmt *sqlite.Stmt) error {
					k, err := scanKeyAt(stmt, 0)
					keys = append(keys, k)
					return err
				},
			})
	})
	return keys, storeError("list keys", err)
}

// RevokeKey implements [account.Store].
func (db *DB) RevokeKey(ctx context.Context, id string, at time.Time) (account.Key, error) {
	var k account.Key
	revoke := func(conn *sqlite.Conn) error {
		return queryOne(conn,
			`UPDATE api_keys SET date_revoked = coalesce(date_revoked, ?) WHERE id = ? RETURNING `+keyColumns,
			[]any{at.UnixNano(), id},
			func(stmt *sqlite.Stmt) (err error) {
				k, err = scanKeyAt(stmt, 0)
				return err
			})
	}
	err := db.onFullDisk(func() error { return db.write(ctx, revoke) })
	return k, keyError("revoke key", id, err)
}

// ExpireKey implements [account.Store].
func (db *DB) ExpireKey(ctx context.Context, id string, at time.Time) (account.Key, error) {
	var k account.Key
	err := db.write(ctx, func(conn *sqlite.Conn) error {
		return queryOne(conn,
			`UPDATE api_keys SET date_expires = min(coalesce(date_expires, ?1), ?1) WHERE id = ?2 RETURNING `+keyColumns,
			[]any{at.UnixNano(), id},
			func(stmt *sqlite.Stmt) (err error) {
				k, err = scanKeyAt(stmt, 0)
				return err
			})
	})
	return k, keyError("let key expire", id, err)
}

// DeleteKey implements [account.Store].
func (db *DB) DeleteKey(ctx context.Context, id string) error {
	err := db.write(ctx, func(conn *sqlite.Conn) error {
		err := sqlitex.Execute(conn, `DELETE FROM sessions WHERE key_id = ?`, &sqlitex.ExecOptions{Args: []any{id}})
		if err != nil {
			return err
		}
		return sqlitex.Execute(conn, `DELETE FROM api_keys WHERE id = ?`, &sqlitex.ExecOptions{Args: []any{id}})
	})
	return storeError("delete key", err)
}

// Credentials implements [account.Store].
func (db *DB) Credentials(ctx context.Context, id string) (account.Credentials, error) {
	var c account.Credentials
	err := db.read(ctx, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT `+accountColumns+`, `+keyColumns+`, token_sha256
			FROM api_keys JOIN accounts ON accounts.id = api_keys.account_id WHERE api_keys.id = ?`,
			[]any{id},
			func(stmt *sqlite.Stmt) (err error) {
				if c.Account, err = scanAccount(stmt); err != nil {
					return err
				}
				c.Key, err = scanKeyAt(stmt, accountWidth)
				stmt.ColumnBytes(accountWidth+8, c.Hash[:])
				return err
			})
	})
	return c, keyError("read key", id, err)
}

// KeysUsed implements [account.Store].
func (db *DB) KeysUsed(ctx context.Context, last map[string]time.Time) error {
	err := db.write(ctx, func(conn *sqlite.Conn) error {
		for id, at := range last {
			err := sqlitex.Execute(conn,
				`UPDATE api_keys SET date_last_used = max(coalesce(date_last_used, 0), ?) WHERE id = ?`,
				&sqlitex.ExecOptions{Args: []any{at.UnixNano(), id}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return storeError("note the keys' last use", err)
}

func keyError(operation, id string, err error) error {
	if errors.Is(err, errNoRow) {
		return account.NoKey(id)
	}
	return storeError(operation, err)
}

// scanKeyAt reads keyColumns. The first of them is column at.
func scanKeyAt(stmt *sqlite.Stmt, at int) (account.Key, error) {
	access, err := account.DecodeAccess(stmt.ColumnText(at+6), stmt.ColumnText(at+7))
	return account.Key{
		ID:       stmt.ColumnText(at),
		Name:     stmt.ColumnText(at + 1),
		Created:  time.Unix(0, stmt.ColumnInt64(at+2)),
		LastUsed: optionalTime(stmt, at+3),
		Revoked:  optionalTime(stmt, at+4),
		Expires:  optionalTime(stmt, at+5),
		Access:   access,
	}, err
}

// nullableTime returns a time as a query argument; the zero time is NULL.
func nullableTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}

func optionalTime(stmt *sqlite.Stmt, col int) time.Time {
	if stmt.ColumnIsNull(col) {
		return time.Time{}
	}
	return time.Unix(0, stmt.ColumnInt64(col))
}
