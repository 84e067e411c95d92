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

// holdLock is the advisory lock of who uses the database ("Cbol"): servers share
// it, and a copy has it alone.
const holdLock = migrationLock + 1

// The ways to hold a database.
const (
	shared = `pg_try_advisory_xact_lock_shared`
	alone  = `pg_try_advisory_xact_lock`
)

const (
	// holdPatience is how long the lock may be another's when it is taken: what
	// was killed may be about to commit.
	holdPatience = 3 * time.Second
	// holdPause is between two attempts, and holdAgain between two when the lock
	// was lost.
	holdPause = 20 * time.Millisecond
	holdAgain = time.Second
)

var (
	// ErrInUse means that others use a database that a copy is to have for
	// itself.
	ErrInUse = errors.New("callbook servers or another copy are connected to it, and a copy needs it for itself; stop them all")
	// ErrCopied means that a copy has the database for itself.
	ErrCopied = errors.New("\"callbook copy\" is at work on it; wait for its end, or stop it")

	errHoldLost = errors.New("the lock that keeps servers away from the database was lost")
)

// hold has the database's lock for as long as the process uses it. The lock is
// one of a transaction and not of a session, so that it is gone with its holder
// behind a pooler too. The transaction has read nothing, so nothing is kept from
// vacuum by it.
type hold struct {
	config *pgx.ConnConfig
	way    string
	// refused is why nothing may be done with the database; nil when all may.
	refused atomic.Pointer[error]
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// holdOn takes the database's lock. The error is [ErrInUse] or [ErrCopied] when
// another has it in a way that excludes this one.
func (db *DB) holdOn(ctx context.Context, way string) error {
	config := db.pool.Config().ConnConfig.Copy()
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.DeadlineContextWatcherHandler{Conn: c.Conn()}
	}
	h := &hold{config: config, way: way}
	last := time.Now().Add(holdPatience)
	again := time.NewTicker(holdPause)
	defer again.Stop()
	for {
		conn, err := h.take(ctx)
		if err == nil {
			// It lasts until Close, whatever becomes of ctx.
			keeping, cancel := context.WithCancel(context.WithoutCancel(ctx))
			h.cancel = cancel
			h.running.Go(func() { h.keep(keeping, conn) })
			db.hold = h
			return nil
		}
		if !errors.Is(err, h.excluded()) || time.Now().After(last) {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// excluded is the error of a lock that another has.
func (h *hold) excluded() error {
	if h.way == alone {
		return ErrInUse
	}
	return ErrCopied
}

// take makes a connection whose transaction has the lock.
func (h *hold) take(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, acquireLimit)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, h.config)
	if err != nil {
		return nil, err
	}
	results, err := conn.PgConn().Exec(ctx, fmt.Sprintf(`BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
		SELECT set_config('idle_in_transaction_session_timeout', '0', true); SELECT %s(%d)`, h.way, holdLock)).ReadAll()
	if err == nil && string(results[len(results)-1].Rows[0][0]) != "t" {
		err = h.excluded()
	}
	if err != nil {
		_ = conn.Close(context.WithoutCancel(ctx)) // its error is of no use
		return nil, err
	}
	return conn, nil
}

// keep watches over the lock, and takes it again where the connection broke, as
// all do in a failover. A copy does not go on without it.
func (h *hold) keep(ctx context.Context, conn *pgx.Conn) {
	again := time.NewTicker(holdAgain)
	defer again.Stop()
	for {
		// Nothing comes but the connection's end.
		_ = conn.PgConn().WaitForNotification(ctx)
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelPatience)
		_ = conn.Close(closing)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if h.way == alone {
			h.refused.Store(&errHoldLost)
			return
		}
		for {
			var err error
			if conn, err = h.take(ctx); err == nil {
				h.refused.Store(nil)
				break
			}
			if errors.Is(err, ErrCopied) {
				h.refused.Store(&ErrCopied)
			}
			select {
			case <-again.C:
			case <-ctx.Done():
				return
			}
		}
	}
}

// refusal is why nothing may be done with the database; nil when all may.
func (h *hold) refusal() error {
	if h == nil {
		return nil
	}
	if why := h.refused.Load(); why != nil {
		return *why
	}
	return nil
}

// end gives the lock free.
func (h *hold) end() {
	if h != nil {
		h.cancel()
		h.running.Wait()
	}
}
