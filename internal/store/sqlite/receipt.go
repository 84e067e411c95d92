package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/journal"
)

var _ journal.Store = (*AddressBook)(nil)

// costOfReceipt is [journal.Receipt.Cost] as an SQL expression.
var costOfReceipt = fmt.Sprintf(`(%d + octet_length(key) + octet_length(body))`, journal.Overhead)

// writeReceipt writes a receipt, unless it is nil, and returns about how many
// bytes it wrote.
func writeReceipt(conn *sqlite.Conn, account account.ID, r *journal.Receipt) (bytes int, err error) {
	if r == nil {
		return 0, nil
	}
	body := r.Body
	if body == nil {
		body = []byte{} // nil would be NULL
	}
	moved := journal.Total{Receipts: 1, Bytes: r.Cost()}
	created := r.Created.UnixNano()
	err = sqlitex.Execute(conn, `DELETE FROM idempotency_keys WHERE account_id = ? AND key = ? AND date_created <= ? RETURNING `+costOfReceipt,
		&sqlitex.ExecOptions{
			Args: []any{account, r.Key, created - int64(journal.Lifetime)},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				moved.Receipts--
				moved.Bytes -= stmt.ColumnInt64(0)
				return nil
			},
		})
	if err == nil {
		err = sqlitex.Execute(conn, `INSERT INTO idempotency_keys (account_id, key, request_sha256, status, encoding, body, date_created)
			VALUES (?,?,?,?,?,?,?) ON CONFLICT (account_id, key) DO NOTHING`,
			&sqlitex.ExecOptions{Args: []any{account, r.Key, r.Request[:], r.Status, int(r.Encoding), body, created}})
	}
	if err == nil && conn.Changes() == 0 {
		return 0, journal.ErrTaken
	}
	if err == nil {
		err = moveReceiptTotal(conn, account, moved)
	}
	if err != nil {
		return 0, fmt.Errorf("write receipt: %w", err)
	}
	return len(body) + 2*pageBytes, nil // parts of two pages
}

// moveReceiptTotal adds to the account's counter of receipts.
func moveReceiptTotal(conn *sqlite.Conn, account account.ID, by journal.Total) error {
	return sqlitex.Execute(conn, `INSERT INTO receipt_totals (account_id, receipts, bytes) VALUES (?,?,?)
		ON CONFLICT (account_id) DO UPDATE SET receipts = receipts + excluded.receipts, bytes = bytes + excluded.bytes`,
		&sqlitex.ExecOptions{Args: []any{account, by.Receipts, by.Bytes}})
}

func readReceiptTotal(conn *sqlite.Conn, account account.ID) (total journal.Total, err error) {
	err = queryOne(conn, `SELECT receipts, bytes FROM receipt_totals WHERE account_id = ?`, []any{account},
		func(stmt *sqlite.Stmt) error {
			total = journal.Total{Receipts: stmt.ColumnInt64(0), Bytes: stmt.ColumnInt64(1)}
			return nil
		})
	if errors.Is(err, errNoRow) {
		return total, nil
	}
	return total, err
}

// checkQuota reports whether the account has room for another receipt. If not, refused is
// the fault. It must be called before a write changes anything, because rolling a write
// back makes the other jobs of its transaction run again.
func checkQuota(conn *sqlite.Conn, account account.ID, quota journal.Quota) (refused, err error) {
	if quota.Bytes == 0 {
		return nil, nil
	}
	total, err := readReceiptTotal(conn, account)
	if err != nil || total.Bytes < quota.Bytes {
		return nil, err
	}
	var oldest []journal.Weight
	err = sqlitex.Execute(conn, `SELECT date_created, `+costOfReceipt+` FROM idempotency_keys WHERE account_id = ?
		ORDER BY date_created LIMIT ?`, &sqlitex.ExecOptions{
		Args: []any{account, journal.QuotaLookahead},
		ResultFunc: func(stmt *sqlite.Stmt) error {
			oldest = append(oldest, journal.Weight{Created: time.Unix(0, stmt.ColumnInt64(0)), Cost: stmt.ColumnInt64(1)})
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return quota.Exceeded(total.Bytes, oldest), nil
}

// ReceiptTotal implements [journal.Store].
func (b *AddressBook) ReceiptTotal(ctx context.Context, account account.ID) (total journal.Total, err error) {
	err = b.db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		total, err = readReceiptTotal(conn, account)
		return err
	})
	return total, storeError("read the total of answers", err)
}

// keep writes a receipt, unless it is nil.
func (tx *editTx) keep(r *journal.Receipt) error {
	bytes, err := writeReceipt(tx.Conn, tx.edit.account, r)
	tx.bytes += bytes
	return err
}

// AddReceipt implements [journal.Store].
func (b *AddressBook) AddReceipt(ctx context.Context, account account.ID, r journal.Receipt) error {
	return b.edit(ctx, account, 1, "keep an answer", func(tx *editTx) error { return tx.keep(&r) })
}

// Receipt implements [journal.Store].
func (b *AddressBook) Receipt(ctx context.Context, account account.ID, key string) (journal.Receipt, error) {
	r := journal.Receipt{Key: key}
	err := b.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT request_sha256, status, encoding, body, date_created FROM idempotency_keys
			WHERE account_id = ? AND key = ?`, []any{account, key},
			func(stmt *sqlite.Stmt) error {
				stmt.ColumnBytes(0, r.Request[:])
				r.Status = stmt.ColumnInt(1)
				r.Encoding = journal.Encoding(stmt.ColumnInt(2))
				r.Body = make([]byte, stmt.ColumnLen(3))
				stmt.ColumnBytes(3, r.Body)
				r.Created = time.Unix(0, stmt.ColumnInt64(4))
				return nil
			})
	})
	if errors.Is(err, errNoRow) {
		return journal.Receipt{}, journal.ErrNoReceipt
	}
	return r, storeError("read an answer", err)
}

// DeleteReceipts implements [journal.Store].
func (b *AddressBook) DeleteReceipts(ctx context.Context, before time.Time, limit int) (deleted int, err error) {
	err = b.edit(ctx, 0, 1, "delete answers", func(tx *editTx) error {
		deleted = 0
		moved := make(map[account.ID]journal.Total) // by account
		err := sqlitex.Execute(tx.Conn, `DELETE FROM idempotency_keys WHERE (account_id, key) IN (
				SELECT account_id, key FROM idempotency_keys WHERE date_created < ? ORDER BY date_created LIMIT ?)
			RETURNING account_id, `+costOfReceipt, &sqlitex.ExecOptions{
			Args: []any{before.UnixNano(), limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				total := moved[account.ID(stmt.ColumnInt64(0))]
				total.Receipts--
				total.Bytes -= stmt.ColumnInt64(1)
				moved[account.ID(stmt.ColumnInt64(0))] = total
				deleted++
				return nil
			},
		})
		for account, by := range moved {
			if err == nil {
				err = moveReceiptTotal(tx.Conn, account, by)
			}
		}
		tx.bytes += (1 + deleted) * pageBytes // part of a page for each receipt, and for the counters
		return err
	})
	return deleted, err
}
