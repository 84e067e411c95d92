package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/journal"
)

// keep queues the insertion of a receipt, unless it is nil. If the key has a receipt
// already, the statement fails, and with it a commit that follows in the queue.
func (t *tx) keep(r *journal.Receipt) {
	if r == nil {
		return
	}
	created := r.Created.UnixNano()
	body := r.Body
	if body == nil {
		body = []byte{} // nil would be NULL
	}
	t.queue(`WITH gone AS (
			DELETE FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND date_created <= $3 RETURNING `+costOfReceipt+` AS cost)
		INSERT INTO receipt_totals (account_id, slot, receipts, bytes)
			SELECT $1, $4, 1 - count(*), $5 - coalesce(sum(cost), 0) FROM gone`+addReceiptTotals,
		t.account, r.Key, created-int64(journal.Lifetime), rand.IntN(countSlots), r.Cost())
	t.queue(`INSERT INTO idempotency_keys (account_id, key, request_sha256, status, encoding, body, date_created)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, t.account, r.Key, r.Request[:], r.Status, int16(r.Encoding), body, created)
}

// costOfReceipt is [journal.Receipt.Cost] as an SQL expression.
var costOfReceipt = fmt.Sprintf(`(%d + octet_length(key) + octet_length(body))`, journal.Overhead)

// addReceiptTotals makes an insert into receipt_totals add to an existing row.
const addReceiptTotals = ` ON CONFLICT (account_id, slot) DO UPDATE
	SET receipts = receipt_totals.receipts + excluded.receipts, bytes = receipt_totals.bytes + excluded.bytes`

// quotaCheck fails if the receipts of an account have reached their quota: it takes the
// logarithm of zero, which [quotaExceeded] recognizes. It is sent with [claimKey] in the
// first round trip of a transaction.
const quotaCheck = `SELECT ln((coalesce(sum(bytes), 0) < $2)::int::float8) FROM receipt_totals WHERE account_id = $1`

// errQuota means that quotaCheck has failed.
var errQuota = errors.New("the account's receipts take their quota")

// overQuota returns the fault of a write that failed with errQuota.
func (db *DB) overQuota(ctx context.Context, account account.ID, quota journal.Quota) error {
	total, err := db.ReceiptTotal(ctx, account)
	if err != nil {
		return err
	}
	oldest, err := collect(ctx, db, of(account), "read the oldest answers", func(row pgx.CollectableRow) (w journal.Weight, err error) {
		err = row.Scan((*dateValue)(&w.Created), &w.Cost)
		return w, err
	}, `SELECT date_created, `+costOfReceipt+`::bigint FROM idempotency_keys WHERE account_id = $1 ORDER BY date_created LIMIT $2`,
		account, journal.QuotaLookahead)
	if err != nil {
		return err
	}
	return quota.Exceeded(total.Bytes, oldest)
}

// ReceiptTotal implements [journal.Store].
func (db *DB) ReceiptTotal(ctx context.Context, account account.ID) (total journal.Total, err error) {
	err = db.row(ctx, of(account), `SELECT coalesce(sum(receipts), 0)::bigint, coalesce(sum(bytes), 0)::bigint FROM receipt_totals WHERE account_id = $1`,
		[]any{account}, []any{&total.Receipts, &total.Bytes})
	return total, storeError("read the total of answers", err)
}

// claimKey claims an idempotency key for a transaction, in its first round trip. If
// another transaction has the key, it divides by zero, which [claimed] recognizes, so
// that the statements behind it do not run. The lock ends with its transaction, even if
// the server is gone, and works behind every pooler. In databases without such locks both
// transactions go on, and the primary key of the receipts decides.
const claimKey = `SELECT 1 / pg_try_advisory_xact_lock($1)::int`

// claimLock returns the advisory lock of a key. If two keys share a lock, which is
// unlikely, the second client must retry.
func claimLock(account account.ID, key string) int64 {
	sum := sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, uint64(account)), key...))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// AddReceipt implements [journal.Store].
func (db *DB) AddReceipt(ctx context.Context, account account.ID, r journal.Receipt) error {
	return db.writeOnce(ctx, account, "keep an answer", func(t *tx) error {
		t.keep(&r)
		return nil
	})
}

// Receipt implements [journal.Store]. Its transaction writes something, so that its
// commit waits for the standby. The receipt's own commit may have been given up during
// that wait; if this commit is confirmed, so is that one.
func (db *DB) Receipt(ctx context.Context, account account.ID, key string) (journal.Receipt, error) {
	if !storable(key) {
		return journal.Receipt{}, journal.ErrNoReceipt
	}
	var r journal.Receipt
	var request []byte
	err := db.write(ctx, account, "read an answer", func(t *tx) error {
		r = journal.Receipt{}
		t.queue(`UPDATE idempotency_keys SET date_created = date_created WHERE account_id = $1 AND key = $2
			RETURNING key, request_sha256, status, encoding, body, date_created`, account, key).
			QueryRow(func(row pgx.Row) error {
				err := row.Scan(&r.Key, &request, &r.Status, (*uint8)(&r.Encoding), &r.Body, (*dateValue)(&r.Created))
				if noRow(err) {
					return nil
				}
				return err
			})
		return nil
	})
	if err != nil {
		return journal.Receipt{}, err
	}
	if r.Key == "" {
		return journal.Receipt{}, journal.ErrNoReceipt
	}
	copy(r.Request[:], request)
	return r, nil
}

// DeleteReceipts implements [journal.Store].
func (db *DB) DeleteReceipts(ctx context.Context, before time.Time, limit int) (deleted int, err error) {
	err = db.write(ctx, account.None, "delete answers", func(t *tx) error {
		// Skip those that another server is deleting.
		t.queue(`WITH gone AS (
				DELETE FROM idempotency_keys WHERE (account_id, key) IN (
					SELECT account_id, key FROM idempotency_keys WHERE date_created < $1
					ORDER BY date_created LIMIT $2 FOR UPDATE SKIP LOCKED)
				RETURNING account_id, `+costOfReceipt+` AS cost),
			moved AS (
				INSERT INTO receipt_totals (account_id, slot, receipts, bytes)
					SELECT account_id, $3, -count(*), -sum(cost) FROM gone GROUP BY account_id ORDER BY account_id`+addReceiptTotals+`)
			SELECT count(*) FROM gone`, before.UnixNano(), limit, rand.IntN(countSlots)).
			QueryRow(func(row pgx.Row) error { return row.Scan(&deleted) })
		return nil
	})
	return deleted, err
}
