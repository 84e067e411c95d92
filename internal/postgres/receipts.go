package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/fault"
	"callbook/internal/idempotency"
)

var errNoReceipt = fault.New(fault.NotFound, "There is no answer to this key")

// keep writes a receipt, unless it is nil, when the queue is run. A key that is
// taken fails the transaction in the database, with the commit that may be
// behind it in the queue.
func (t *tx) keep(r *idempotency.Receipt) {
	if r == nil {
		return
	}
	created := r.Created.UnixNano()
	body := r.Body
	if body == nil {
		body = []byte{} // nil would be NULL
	}
	t.queue(`DELETE FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND date_created <= $3`,
		t.account, r.Key, created-int64(idempotency.Lifetime))
	t.queue(`INSERT INTO idempotency_keys (account_id, key, request_sha256, status, body, date_created)
		VALUES ($1, $2, $3, $4, $5, $6)`, t.account, r.Key, r.Request[:], r.Status, body, created)
}

// claim is the statement that takes a key for its transaction, in the round trip
// that begins it. It divides by zero, as [claimed] tells, where another has the
// key, which keeps what waits behind it from running. A lock that ends with its
// transaction is free as soon as that server is gone, and works through every
// pooler. An engine that knows no such locks lets both go on; then the receipt's
// key decides.
const claim = `SELECT 1 / pg_try_advisory_xact_lock($1)::int`

// claimLock is the advisory lock of a key. That two keys have the same is as
// unlikely as it is harmless: who comes second is told to come again.
func claimLock(account int64, key string) int64 {
	sum := sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, uint64(account)), key...))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// AddReceipt implements [idempotency.Store].
func (db *DB) AddReceipt(ctx context.Context, account int64, r idempotency.Receipt) error {
	return db.writeOnce(ctx, account, "keep an answer", func(t *tx) error {
		t.keep(&r)
		return nil
	})
}

// Receipt implements [idempotency.Store]. It writes what it reads: when its
// commit is confirmed, so is the one that it tells of, which may have been given
// up while it waited for a standby.
func (db *DB) Receipt(ctx context.Context, account int64, key string) (idempotency.Receipt, error) {
	if !storable(key) {
		return idempotency.Receipt{}, errNoReceipt
	}
	var r idempotency.Receipt
	var request []byte
	err := db.write(ctx, account, "read an answer", func(t *tx) error {
		r = idempotency.Receipt{}
		t.queue(`UPDATE idempotency_keys SET date_created = date_created WHERE account_id = $1 AND key = $2
			RETURNING key, request_sha256, status, body, date_created`, account, key).
			QueryRow(func(row pgx.Row) error {
				err := row.Scan(&r.Key, &request, &r.Status, &r.Body, (*dateValue)(&r.Created))
				if noRow(err) {
					return nil
				}
				return err
			})
		return nil
	})
	if err != nil {
		return idempotency.Receipt{}, err
	}
	if r.Key == "" {
		return idempotency.Receipt{}, errNoReceipt
	}
	copy(r.Request[:], request)
	return r, nil
}

// DeleteReceipts implements [idempotency.Store].
func (db *DB) DeleteReceipts(ctx context.Context, before time.Time, limit int) (deleted int, err error) {
	err = db.write(ctx, noAccount, "delete answers", func(t *tx) error {
		// Those that another server is at are left to it.
		t.queue(`DELETE FROM idempotency_keys WHERE (account_id, key) IN (
				SELECT account_id, key FROM idempotency_keys WHERE date_created < $1
				ORDER BY date_created LIMIT $2 FOR UPDATE SKIP LOCKED)`,
			before.UnixNano(), limit).Exec(func(tag pgconn.CommandTag) error {
			deleted = int(tag.RowsAffected())
			return nil
		})
		return nil
	})
	return deleted, err
}
