package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// useLockKey is the advisory lock for the use of the database ("Cbol"). Servers hold it
// in shared mode, and a copy holds it exclusively.
const useLockKey = migrationLock + 1

// The modes of the use lock, as functions of PostgreSQL that try to acquire it.
const (
	sharedLock    = `pg_try_advisory_xact_lock_shared`
	exclusiveLock = `pg_try_advisory_xact_lock`
)

const (
	// useLockWait is how long to wait for the lock: a process that was killed may
	// still hold it and be about to commit.
	useLockWait = 3 * time.Second
	// useLockPause is the pause between two attempts to acquire the lock, and
	// relockPause the pause between two attempts to reacquire a lost lock.
	useLockPause = 20 * time.Millisecond
	relockPause  = time.Second
)

var (
	// ErrInUse means that other processes use a database that a copy needs for
	// itself.
	ErrInUse = errors.New("callbook servers or another copy are connected to it, and a copy needs it for itself; stop them all")
	// ErrCopied means that a copy uses the database exclusively.
	ErrCopied = errors.New("\"callbook copy\" is at work on it; wait for its end, or stop it")

	errUseLockLost = errors.New("the lock that keeps servers away from the database was lost")
)

// useLock holds the advisory lock on the use of the database while the process uses it.
// The lock belongs to a transaction and not to a session, so that it ends with its
// holder even behind a pooler. The transaction has read nothing, so it has no snapshot
// and does not hold back vacuum.
type useLock struct {
	config *pgx.ConnConfig
	mode   string
	// refused is why the database must not be used, or nil.
	refused atomic.Pointer[error]
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// lockUse acquires the use lock. The error is [ErrInUse] or [ErrCopied] if another
// process holds it in a conflicting mode.
func (db *DB) lockUse(ctx context.Context, mode string) error {
	config := db.pool.Config().ConnConfig.Copy()
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.DeadlineContextWatcherHandler{Conn: c.Conn()}
	}
	l := &useLock{config: config, mode: mode}
	last := time.Now().Add(useLockWait)
	ticker := time.NewTicker(useLockPause)
	defer ticker.Stop()
	for {
		conn, err := l.acquire(ctx)
		if err == nil {
			// The lock is held until Close, even if ctx ends.
			watching, cancel := context.WithCancel(context.WithoutCancel(ctx))
			l.cancel = cancel
			l.running.Go(func() { l.watch(watching, conn) })
			db.useLock = l
			return nil
		}
		if !errors.Is(err, l.excluded()) || time.Now().After(last) {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// excluded returns the error for a lock that another process holds.
func (l *useLock) excluded() error {
	if l.mode == exclusiveLock {
		return ErrInUse
	}
	return ErrCopied
}

// acquire returns a new connection whose transaction holds the lock.
func (l *useLock) acquire(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, acquireLimit)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, l.config)
	if err != nil {
		return nil, err
	}
	results, err := conn.PgConn().Exec(ctx, fmt.Sprintf(`BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
		SELECT set_config('idle_in_transaction_session_timeout', '0', true); SELECT %s(%d)`, l.mode, useLockKey)).ReadAll()
	if err == nil && string(results[len(results)-1].Rows[0][0]) != "t" {
		err = l.excluded()
	}
	if err != nil {
		_ = conn.Close(context.WithoutCancel(ctx)) // its error does not matter
		return nil, err
	}
	return conn, nil
}

// watch waits until the connection breaks, as in a failover. A server then reacquires
// the lock. A copy must not go on, since a server may have used the database meanwhile.
func (l *useLock) watch(ctx context.Context, conn *pgx.Conn) {
	ticker := time.NewTicker(relockPause)
	defer ticker.Stop()
	for {
		// There are no notifications, so this waits for the connection to end.
		_ = conn.PgConn().WaitForNotification(ctx)
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelPatience)
		_ = conn.Close(closing)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if l.mode == exclusiveLock {
			l.refused.Store(&errUseLockLost)
			return
		}
		for {
			var err error
			if conn, err = l.acquire(ctx); err == nil {
				l.refused.Store(nil)
				break
			}
			if errors.Is(err, ErrCopied) {
				l.refused.Store(&ErrCopied)
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	}
}

// refusal returns why the database must not be used, or nil. The lock may be nil.
func (l *useLock) refusal() error {
	if l == nil {
		return nil
	}
	if why := l.refused.Load(); why != nil {
		return *why
	}
	return nil
}

// release releases the lock, which may be nil.
func (l *useLock) release() {
	if l != nil {
		l.cancel()
		l.running.Wait()
	}
}
