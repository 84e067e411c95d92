package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
)

const keyColumns = `api_keys.id, api_keys.name, api_keys.date_created, api_keys.date_last_used, api_keys.date_revoked,
	api_keys.date_expires, api_keys.scopes || '|' || api_keys.networks`

// intoKey returns the destinations for a row of keyColumns.
func intoKey(k *account.Key) []any {
	return []any{
		&k.ID, &k.Name, (*dateValue)(&k.Created), (*dateValue)(&k.LastUsed), (*dateValue)(&k.Revoked), (*dateValue)(&k.Expires),
		(*accessValue)(&k.Access),
	}
}

// accessValue scans the scopes and the networks of a key, with a bar between them.
type accessValue account.Access

// Scan implements [sql.Scanner].
func (a *accessValue) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("the access of a key is %T", src)
	}
	scopes, networks, _ := strings.Cut(text, "|")
	access, err := account.DecodeAccess(scopes, networks)
	*a = accessValue(access)
	return err
}

// CreateKey implements [account.Store].
func (db *DB) CreateKey(ctx context.Context, accountID account.ID, k account.Key, hash account.TokenHash) error {
	scopes, networks := k.Access.Encode()
	return db.write(ctx, account.None, "create key", func(t *tx) error {
		t.queue(`INSERT INTO api_keys (id, account_id, name, token_sha256, date_created, date_expires, scopes, networks) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			k.ID, accountID, k.Name, hash[:], (*dateValue)(&k.Created), (*dateValue)(&k.Expires), scopes, networks)
		return nil
	})
}

// Keys implements [account.Store].
func (db *DB) Keys(ctx context.Context, accountID account.ID) ([]account.Key, error) {
	return collect(ctx, db, purpose{}, "list keys", func(row pgx.CollectableRow) (k account.Key, err error) {
		err = row.Scan(intoKey(&k)...)
		return k, err
	}, `SELECT `+keyColumns+` FROM api_keys WHERE account_id = $1 ORDER BY date_created, id`, accountID)
}

// RevokeKey implements [account.Store].
func (db *DB) RevokeKey(ctx context.Context, id string, at time.Time) (account.Key, error) {
	return db.endKey(ctx, "revoke key", `date_revoked = coalesce(date_revoked, $1)`, id, at)
}

// ExpireKey implements [account.Store].
func (db *DB) ExpireKey(ctx context.Context, id string, at time.Time) (account.Key, error) {
	return db.endKey(ctx, "let key expire", `date_expires = least(date_expires, $1)`, id, at)
}

// endKey changes a date of a key.
func (db *DB) endKey(ctx context.Context, operation, change, id string, at time.Time) (account.Key, error) {
	if !storable(id) {
		return account.Key{}, account.NoKey(id)
	}
	var k account.Key
	err := db.write(ctx, account.None, operation, func(t *tx) error {
		found := true
		t.queue(`UPDATE api_keys SET `+change+` WHERE id = $2 RETURNING `+keyColumns,
			at.UnixNano(), id).QueryRow(func(row pgx.Row) error {
			err := row.Scan(intoKey(&k)...)
			if noRow(err) {
				found, err = false, nil
			}
			return err
		})
		if err := t.flush(); err != nil {
			return err
		}
		if !found {
			return account.NoKey(id)
		}
		return nil
	})
	if err != nil {
		return account.Key{}, err
	}
	return k, nil
}

// DeleteKey implements [account.Store].
func (db *DB) DeleteKey(ctx context.Context, id string) error {
	if !storable(id) {
		return nil
	}
	return db.write(ctx, account.None, "delete key", func(t *tx) error {
		t.queue(`DELETE FROM sessions WHERE key_id = $1`, id)
		t.queue(`DELETE FROM api_keys WHERE id = $1`, id)
		return nil
	})
}

// Credentials implements [account.Store].
func (db *DB) Credentials(ctx context.Context, id string) (account.Credentials, error) {
	var a accountRow
	var c account.Credentials
	var hash []byte
	err := db.row(ctx, purpose{}, `SELECT `+accountColumns+`, `+keyColumns+`, token_sha256
		FROM api_keys JOIN accounts ON accounts.id = api_keys.account_id WHERE api_keys.id = $1`,
		[]any{id}, append(append(a.into(), intoKey(&c.Key)...), &hash), id)
	if noRow(err) {
		return account.Credentials{}, account.NoKey(id)
	}
	if err != nil {
		return account.Credentials{}, storeError("read key", err)
	}
	copy(c.Hash[:], hash)
	c.Account, err = a.account()
	return c, err
}

// KeysUsed implements [account.Store].
func (db *DB) KeysUsed(ctx context.Context, last map[string]time.Time) error {
	if len(last) == 0 {
		return nil
	}
	// All servers write these rows in one order, so that they do not deadlock.
	ids := slices.Sorted(maps.Keys(last))
	dates := make([]int64, len(ids))
	for i, id := range ids {
		dates[i] = last[id].UnixNano()
	}
	return db.write(ctx, account.None, "note the keys' last use", func(t *tx) error {
		t.queue(`SELECT 1 FROM api_keys WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`, ids)
		t.queue(`UPDATE api_keys SET date_last_used = greatest(date_last_used, used.date)
			FROM unnest($1::text[], $2::bigint[]) AS used (id, date) WHERE api_keys.id = used.id`, ids, dates)
		return nil
	})
}
