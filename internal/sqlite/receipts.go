package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/fault"
	"callbook/internal/idempotency"
)

var _ idempotency.Store = (*AddressBook)(nil)

var errNoReceipt = fault.New(fault.NotFound, "There is no answer to this key")

// writeReceipt writes a receipt, unless it is nil, and returns about how many
// bytes it wrote.
func writeReceipt(conn *sqlite.Conn, account int64, r *idempotency.Receipt) (bytes int, err error) {
	if r == nil {
		return 0, nil
	}
	created := r.Created.UnixNano()
	body := r.Body
	if body == nil {
		body = []byte{} // nil would be NULL
	}
	err = sqlitex.Execute(conn, `INSERT INTO idempotency_keys (account_id, key, request_sha256, status, body, date_created)
		VALUES (?,?,?,?,?,?)
		ON CONFLICT (account_id, key) DO UPDATE SET request_sha256 = excluded.request_sha256,
			status = excluded.status, body = excluded.body, date_created = excluded.date_created
		WHERE date_created <= ?`,
		&sqlitex.ExecOptions{Args: []any{account, r.Key, r.Request[:], r.Status, body, created, created - int64(idempotency.Lifetime)}})
	if err != nil {
		return 0, fmt.Errorf("write receipt: %w", err)
	}
	if conn.Changes() == 0 {
		return 0, idempotency.ErrTaken
	}
	return len(body) + 2*pageBytes, nil // two pages, of which it changed a part
}

// keep writes a receipt, unless it is nil.
func (tx *editTx) keep(r *idempotency.Receipt) error {
	bytes, err := writeReceipt(tx.Conn, tx.edit.account, r)
	tx.bytes += bytes
	return err
}

// AddReceipt implements [idempotency.Store].
func (b *AddressBook) AddReceipt(ctx context.Context, account int64, r idempotency.Receipt) error {
	return b.edit(ctx, account, 1, "keep an answer", func(tx *editTx) error { return tx.keep(&r) })
}

// Receipt implements [idempotency.Store].
func (b *AddressBook) Receipt(ctx context.Context, account int64, key string) (idempotency.Receipt, error) {
	r := idempotency.Receipt{Key: key}
	err := b.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT request_sha256, status, body, date_created FROM idempotency_keys
			WHERE account_id = ? AND key = ?`, []any{account, key},
			func(stmt *sqlite.Stmt) error {
				stmt.ColumnBytes(0, r.Request[:])
				r.Status = stmt.ColumnInt(1)
				r.Body = make([]byte, stmt.ColumnLen(2))
				stmt.ColumnBytes(2, r.Body)
				r.Created = time.Unix(0, stmt.ColumnInt64(3))
				return nil
			})
	})
	if errors.Is(err, errNoRow) {
		return idempotency.Receipt{}, errNoReceipt
	}
	return r, storeError("read an answer", err)
}

// DeleteReceipts implements [idempotency.Store].
func (b *AddressBook) DeleteReceipts(ctx context.Context, before time.Time, limit int) (deleted int, err error) {
	err = b.edit(ctx, 0, 1, "delete answers", func(tx *editTx) error {
		err := tx.exec(`DELETE FROM idempotency_keys WHERE (account_id, key) IN (
			SELECT account_id, key FROM idempotency_keys WHERE date_created < ? ORDER BY date_created LIMIT ?)`,
			before.UnixNano(), limit)
		deleted = tx.Changes()
		tx.bytes += (1 + deleted) * pageBytes // of which it changed a part
		return err
	})
	return deleted, err
}
