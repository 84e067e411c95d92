package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/budget"
	"callbook/internal/journal"
	"callbook/internal/trace"
)

const (
	// workLimit bounds the time of a transaction, and commitLimit that of its commit.
	workLimit   = 2 * time.Minute
	commitLimit = 30 * time.Second
	// attempts is how often a transaction is tried.
	attempts = 10
)

// A transaction begins with one of these statements and then the settings.
const (
	beginWrite = `BEGIN ISOLATION LEVEL READ COMMITTED`
	beginRead  = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	// The first setting frees the locks of a server whose machine is gone, which the
	// database may not notice for hours. The second lets the database plan each query
	// again: a stored plan may be bad after the table has grown.
	settings = `SELECT set_config('idle_in_transaction_session_timeout', '60s', true),
		set_config('plan_cache_mode', 'force_custom_plan', true)`
)

// accountCheck fails if an account does not exist or is being deleted: it takes the square
// root of a negative number, which [accountGone] recognizes. It is sent in the first round
// trip of each transaction that writes for an account. Whoever deletes an account relies
// on it: what was deleted does not come back by a request that began before.
const accountCheck = `SELECT sqrt((EXISTS (SELECT FROM accounts WHERE id = $1 AND date_deleted IS NULL))::int - 0.5::float8)`

// tx is a transaction. It queues statements until flush or commit sends all of them in
// one round trip. Methods that say that they queue a statement return before it has run.
type tx struct {
	ctx     context.Context
	account account.ID
	conn    *pgx.Conn
	batch   *pgx.Batch
	// minCopyRows is from how many contacts on this transaction uses COPY.
	minCopyRows int
	// note is what the audit log tells of the transaction, or nil.
	note *audit.Note
	// claim is the claim of the receipt that the transaction will write, if any.
	claim journal.Claim
	// retryOnConflict means that the transaction is retried if a unique key exists
	// already. The retry will find who has it.
	retryOnConflict bool
	// ended means that a statement has committed the transaction already.
	ended bool
}

// queue queues a statement. The caller tells the returned query what to do with the
// result.
func (t *tx) queue(query string, args ...any) *pgx.QueuedQuery {
	return t.batch.Queue(query, args...)
}

// flush runs the queued statements.
func (t *tx) flush() error {
	batch := t.batch
	t.batch = &pgx.Batch{}
	return t.conn.SendBatch(t.ctx, batch).Close()
}

// commit runs the queued statements and commits. After an error, the commit may or may
// not have succeeded.
func (t *tx) commit() error {
	if t.ended {
		return nil
	}
	t.forgetWarnings()
	var done pgconn.CommandTag
	t.queue(`COMMIT`).Exec(func(tag pgconn.CommandTag) error {
		done = tag
		return nil
	})
	// Once the commit is sent, only its end tells whether it has succeeded. So the
	// caller's context does not cancel it.
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(t.ctx), commitLimit, errSlow)
	defer cancel()
	t.ctx = ctx
	begun := time.Now()
	err := t.flush()
	if err == nil {
		err = t.confirm(done)
	}
	trace.Committed(ctx, trace.PostgreSQL, begun, err)
	return err
}

// forgetWarnings must be called before each query with a commit.
func (t *tx) forgetWarnings() { delete(t.conn.PgConn().CustomData(), warned) }

// confirm returns an error unless the database's answer confirms the commit.
func (t *tx) confirm(tag pgconn.CommandTag) error {
	if warning, ok := t.conn.PgConn().CustomData()[warned]; ok {
		return fmt.Errorf("%w: %v", errUnsure, warning)
	}
	if tag.String() != "COMMIT" { // it is ROLLBACK
		return errUnsure
	}
	return nil
}

// write runs a transaction that changes something, and retries it after a deadlock. Do
// starts from the beginning each time. What it leaves in the queue runs with the commit.
// If it returns an error, everything is rolled back.
func (db *DB) write(ctx context.Context, account account.ID, operation string, do func(*tx) error) error {
	return db.retry(ctx, account, journal.Claim{}, operation, do)
}

// retry is write with a claim.
func (db *DB) retry(ctx context.Context, account account.ID, claim journal.Claim, operation string, do func(*tx) error) (err error) {
	ctx, span := trace.Write(ctx, trace.PostgreSQL, operation)
	defer func() { span.End(err) }()
	ctx, cancel := context.WithTimeoutCause(ctx, workLimit, errSlow)
	defer cancel()
	share := budget.Of(ctx)
	used := share.Used()
	for attempt := 1; ; attempt++ {
		share.Unclaim(used) // give back what an earlier attempt claimed
		again, err := db.try(ctx, account, claim, do)
		if err == nil || !again || attempt == attempts {
			return storeError(operation, causeOf(ctx, err))
		}
		// A random pause keeps the transactions of a deadlock from colliding again.
		pause := time.NewTimer(rand.N(time.Duration(attempt) * 5 * time.Millisecond))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return storeError(operation, causeOf(ctx, err))
		}
	}
}

// writeOnce is write for a transaction that stores a receipt. If another transaction has
// claimed the key, the error is [journal.ErrRunning].
func (db *DB) writeOnce(ctx context.Context, account account.ID, operation string, do func(*tx) error) error {
	claim := journal.ClaimOf(ctx)
	err := db.retry(ctx, account, claim, operation, do)
	if errors.Is(err, errQuota) {
		return db.overQuota(ctx, account, claim.Quota)
	}
	return err
}

// try runs a transaction once. Again reports whether to retry after the error.
func (db *DB) try(ctx context.Context, account account.ID, claim journal.Claim, do func(*tx) error) (again bool, err error) {
	t := &tx{claim: claim, note: audit.NoteOf(ctx)}
	t.note.Reset()
	err = db.transact(ctx, of(account), beginWrite, t, func(t *tx) error {
		err := do(t)
		if err == nil && !t.ended {
			t.tell(t.note)
		}
		return err
	})
	switch {
	case claimed(err):
		return false, journal.ErrRunning
	case accountGone(err):
		return false, errAccountGone
	case quotaExceeded(err):
		return false, errQuota
	case receiptTaken(err):
		return false, journal.ErrTaken
	case err == nil || t.conn == nil:
		return false, err
	}
	return rolledBack(err) || t.retryOnConflict && taken(err), err
}

// read runs a transaction that only reads, on one snapshot.
func (db *DB) read(ctx context.Context, p purpose, operation string, do func(*tx) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, workLimit, errSlow)
	defer cancel()
	return storeError(operation, causeOf(ctx, db.transact(ctx, p, beginRead, &tx{}, do)))
}

// transact begins t, runs do, and commits.
func (db *DB) transact(ctx context.Context, p purpose, begin string, t *tx, do func(*tx) error) error {
	conn, err := db.acquire(ctx, p)
	if err != nil {
		return err
	}
	// The pool closes a connection that is still in a transaction.
	defer conn.release()
	t.ctx, t.account, t.conn, t.batch, t.minCopyRows = ctx, p.account, conn.Conn.Conn(), &pgx.Batch{}, db.minCopyRows
	// This is deferred so that it also happens after a panic.
	defer t.rollback()
	t.queue(begin)
	t.queue(settings)
	if begin == beginWrite && t.account != account.None {
		t.queue(accountCheck, t.account)
	}
	if t.claim.Key != "" {
		t.queue(claimKey, claimLock(t.account, t.claim.Key))
	}
	if t.claim.Quota.Bytes > 0 {
		t.queue(quotaCheck, t.account, t.claim.Quota.Bytes)
	}
	if err := do(t); err != nil {
		return err
	}
	return t.commit()
}

// rollback ends a transaction that is still open, so that its connection can be reused.
// If it fails, the pool closes the connection.
func (t *tx) rollback() {
	if t.conn.IsClosed() || t.conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), cancelPatience)
	defer cancel()
	_, _ = t.conn.Exec(ctx, `ROLLBACK`)
}
