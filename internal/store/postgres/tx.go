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
	"callbook/internal/budget"
	"callbook/internal/journal"
)

const (
	// workLimit is how long a transaction may take, and commitLimit its commit.
	workLimit   = 2 * time.Minute
	commitLimit = 30 * time.Second
	// attempts is how often a transaction is tried.
	attempts = 10
)

// A transaction begins with one of these, and then the settings.
const (
	beginWrite = `BEGIN ISOLATION LEVEL READ COMMITTED`
	beginRead  = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	// The first setting frees the locks of a server whose machine is gone, which
	// the database may not notice for hours. The second keeps it from using a plan
	// on a table that has grown a thousandfold since it was made.
	settings = `SELECT set_config('idle_in_transaction_session_timeout', '60s', true),
		set_config('plan_cache_mode', 'force_custom_plan', true)`
)

// tx is a transaction. Its statements wait in a queue until flush sends them
// all, which is one round trip.
type tx struct {
	ctx     context.Context
	account account.ID
	conn    *pgx.Conn
	batch   *pgx.Batch
	// minCopyRows is the database's.
	minCopyRows int
	// claim is that of the receipt that the transaction writes, if any.
	claim journal.Claim
	// retryOnConflict tells that a key which is there already is a reason to begin
	// anew, and see who has it.
	retryOnConflict bool
	// ended tells that it was committed before commit.
	ended bool
}

// queue adds a statement. What is to be done with its result is told to what
// queue returns.
func (t *tx) queue(query string, args ...any) *pgx.QueuedQuery {
	return t.batch.Queue(query, args...)
}

// flush runs what is in the queue.
func (t *tx) flush() error {
	batch := t.batch
	t.batch = &pgx.Batch{}
	return t.conn.SendBatch(t.ctx, batch).Close()
}

// commit runs what is in the queue and ends the transaction. Its error may leave
// it open whether the commit holds.
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
	// Once it is on its way, only its end tells what became of it.
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(t.ctx), commitLimit, errSlow)
	defer cancel()
	t.ctx = ctx
	if err := t.flush(); err != nil {
		return err
	}
	return t.confirm(done)
}

// forgetWarnings is for before what has a commit in it.
func (t *tx) forgetWarnings() { delete(t.conn.PgConn().CustomData(), warned) }

// confirm tells whether a commit holds by what the database said at its end.
func (t *tx) confirm(tag pgconn.CommandTag) error {
	if warning, ok := t.conn.PgConn().CustomData()[warned]; ok {
		return fmt.Errorf("%w: %v", errUnsure, warning)
	}
	if tag.String() != "COMMIT" { // but ROLLBACK
		return errUnsure
	}
	return nil
}

// write does a transaction that changes something, and retries it after a
// deadlock. Do begins anew each time; what it leaves in the queue is run with the
// commit. An error of it rolls everything back.
func (db *DB) write(ctx context.Context, account account.ID, operation string, do func(*tx) error) error {
	return db.retry(ctx, account, journal.Claim{}, operation, do)
}

// retry is write for a transaction with a claim.
func (db *DB) retry(ctx context.Context, account account.ID, claim journal.Claim, operation string, do func(*tx) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, workLimit, errSlow)
	defer cancel()
	share := budget.Of(ctx)
	used := share.Used()
	for attempt := 1; ; attempt++ {
		share.Unclaim(used) // what an attempt before this one claimed
		again, err := db.try(ctx, account, claim, do)
		if err == nil || !again || attempt == attempts {
			return storeError(operation, causeOf(ctx, err))
		}
		// Not all at once again.
		pause := time.NewTimer(rand.N(time.Duration(attempt) * 5 * time.Millisecond))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return storeError(operation, causeOf(ctx, err))
		}
	}
}

// writeOnce is write for what keeps a receipt. A key that another transaction
// has claimed is [journal.ErrRunning].
func (db *DB) writeOnce(ctx context.Context, account account.ID, operation string, do func(*tx) error) error {
	claim := journal.ClaimOf(ctx)
	err := db.retry(ctx, account, claim, operation, do)
	if errors.Is(err, errQuota) {
		return db.overQuota(ctx, account, claim.Quota)
	}
	return err
}

// try does a transaction once, and tells whether an error is one that another
// attempt may not have.
func (db *DB) try(ctx context.Context, account account.ID, claim journal.Claim, do func(*tx) error) (again bool, err error) {
	t := &tx{claim: claim}
	err = db.transact(ctx, of(account), beginWrite, t, do)
	switch {
	case claimed(err):
		return false, journal.ErrRunning
	case quotaExceeded(err):
		return false, errQuota
	case receiptTaken(err):
		return false, journal.ErrTaken
	case err == nil || t.conn == nil:
		return false, err
	}
	return rolledBack(err) || t.retryOnConflict && taken(err), err
}

// read does a transaction that only reads, and sees one moment.
func (db *DB) read(ctx context.Context, p purpose, operation string, do func(*tx) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, workLimit, errSlow)
	defer cancel()
	return storeError(operation, causeOf(ctx, db.transact(ctx, p, beginRead, &tx{}, do)))
}

// transact begins t, which may have a claim, does it, and commits.
func (db *DB) transact(ctx context.Context, p purpose, begin string, t *tx, do func(*tx) error) error {
	conn, err := db.acquire(ctx, p)
	if err != nil {
		return err
	}
	// A connection that is within a transaction is closed by the pool.
	defer conn.release()
	t.ctx, t.account, t.conn, t.batch, t.minCopyRows = ctx, p.account, conn.Conn.Conn(), &pgx.Batch{}, db.minCopyRows
	// After a panic too: whoever comes next must not find it under way.
	defer t.rollback()
	t.queue(begin)
	t.queue(settings)
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

// rollback ends a transaction that is still open, and so keeps its connection;
// one that cannot be kept is closed by the pool.
func (t *tx) rollback() {
	if t.conn.IsClosed() || t.conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), cancelPatience)
	defer cancel()
	_, _ = t.conn.Exec(ctx, `ROLLBACK`)
}
