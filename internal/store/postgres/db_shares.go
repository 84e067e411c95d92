package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/limit"
)

// shares divide the connections of the pool, of which there are pool_max_conns, between
// accounts:
//
//   - One is for authentication, sessions and probes, unless it is the only one.
//   - The others are for the work of accounts. A connection that becomes free goes to
//     the account that holds least.
//   - Half of those may scan, which keeps a core of the database busy. A single
//     account gets half of that half.
//
// A caller acquires a slot to scan first, then a slot to work, then a connection. Since
// all callers acquire them in this order, they cannot deadlock, however few connections
// there are.
type shares struct {
	work, scans *limit.Pool
}

func newShares(conns int) shares {
	work := max(1, conns-1)
	return shares{
		work:  limit.New(int64(work), limit.Options{MaxWaiting: addressbook.MaxWaitingRequests, Busy: addressbook.ErrManyRequests}),
		scans: limit.New(int64(max(1, work/2)), limit.Options{Spare: true, MaxWaiting: addressbook.MaxWaitingScans, Busy: addressbook.ErrManyScans}),
	}
}

// purpose says what a connection is for. The zero purpose is work for no account, such
// as authentication.
type purpose struct {
	account account.ID // zero for none
	scans   bool
}

// of returns the purpose of an account's work without scans.
func of(account account.ID) purpose { return purpose{account: account} }

// lent is a connection of the pool that a caller has acquired.
type lent struct {
	*pgxpool.Conn
	ctx       context.Context // of the caller's work
	freeSlots func()
}

// acquire acquires a connection for a purpose. The caller must release it. If no host
// answers within acquireLimit, the error is errNoConnection, even if ctx allows more
// time.
func (db *DB) acquire(ctx context.Context, p purpose) (lent, error) {
	if err := db.useLock.refusal(); err != nil {
		return lent{}, err
	}
	if p.account == account.None {
		conn, err := db.connect(ctx)
		return lent{conn, ctx, func() {}}, err
	}
	if p.scans {
		if err := db.shares.scans.Acquire(ctx, p.account, 1); err != nil {
			return lent{}, err
		}
	}
	endScan := func() {
		if p.scans {
			db.shares.scans.Release(p.account, 1)
		}
	}
	if err := db.acquireWork(ctx, p.account); err != nil {
		endScan()
		return lent{}, err
	}
	freeSlots := func() {
		db.shares.work.Release(p.account, 1)
		endScan()
	}
	conn, err := db.connect(ctx)
	if err != nil {
		freeSlots()
	}
	return lent{conn, ctx, freeSlots}, err
}

// acquireWork acquires a slot to work.
func (db *DB) acquireWork(ctx context.Context, account account.ID) error {
	limited, cancel := context.WithTimeoutCause(ctx, acquireLimit, errNoConnection)
	defer cancel()
	return db.shares.work.Acquire(limited, account, 1)
}

var errNoConnection = fmt.Errorf("%w: no connection within %v", errSlow, acquireLimit)

// connect acquires a connection from the pool.
func (db *DB) connect(ctx context.Context) (*pgxpool.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, acquireLimit)
	defer cancel()
	conn, err := db.pool.Acquire(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, errors.Join(errNoConnection, err)
	}
	return conn, err
}

// release returns a connection to the pool. If the context of its work has ended, it
// closes the connection instead: the request that cancels a query goes over another
// connection, may arrive late, and would then cancel a query of the next user.
//
// A closed connection is removed from the pool with Hijack. Release would wait until
// the database has confirmed the end of the connection, and callers would wait for its
// slot meanwhile.
func (l lent) release() {
	if l.ctx.Err() != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), closeLimit)
		_ = l.Conn.Conn().Close(closing) // its error does not matter
		cancel()
	}
	if l.Conn.Conn().IsClosed() {
		l.Hijack()
	} else {
		l.Release()
	}
	l.freeSlots()
}

// closeLimit is the timeout of closing a connection.
const closeLimit = time.Second
