package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"callbook/internal/addressbook"
	"callbook/internal/limit"
)

// shares bound what accounts take of the pool, which has pool_max_conns
// connections:
//
//   - one is for authentication, sessions and probes, unless there is one in all;
//   - the others are for the work of accounts; one that is given back goes to
//     the account that has least;
//   - half of those may scan, which keeps a core of the database busy. One
//     account alone gets half of that half.
//
// A caller takes a place to scan first, then one to work, then a connection, and
// no caller holds one of these while it waits for an earlier one. So they do not
// deadlock, however few connections there are.
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

// purpose is what a connection is for. The zero purpose is what is no account's
// work, such as authentication.
type purpose struct {
	account int64 // zero for none
	scans   bool
}

// noAccount stands for one in work that is none's.
const noAccount = 0

// of is the purpose of work that an index serves.
func of(account int64) purpose { return purpose{account: account} }

// lent is a connection of the pool.
type lent struct {
	*pgxpool.Conn
	ctx  context.Context // of the work that it is for
	back func()
}

// acquire takes a connection for a purpose. It must be released. That no host
// answers in time is an error of its own: the caller may have much time left.
func (db *DB) acquire(ctx context.Context, p purpose) (lent, error) {
	if err := db.hold.refusal(); err != nil {
		return lent{}, err
	}
	if p.account == noAccount {
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
	if err := db.place(ctx, p.account); err != nil {
		endScan()
		return lent{}, err
	}
	back := func() {
		db.shares.work.Release(p.account, 1)
		endScan()
	}
	conn, err := db.connect(ctx)
	if err != nil {
		back()
	}
	return lent{conn, ctx, back}, err
}

// place takes a place to work.
func (db *DB) place(ctx context.Context, account int64) error {
	limited, cancel := context.WithTimeoutCause(ctx, acquireLimit, errNoPlace)
	defer cancel()
	return db.shares.work.Acquire(limited, account, 1)
}

var errNoPlace = fmt.Errorf("%w: no connection within %v", errSlow, acquireLimit)

// connect takes a connection from the pool.
func (db *DB) connect(ctx context.Context) (*pgxpool.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, acquireLimit)
	defer cancel()
	conn, err := db.pool.Acquire(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, errors.Join(errNoPlace, err)
	}
	return conn, err
}

// release gives a connection back. One whose work was given up is closed: the
// request that cancels its query goes over another connection and may arrive
// late, and it would then cancel the query of whoever has the connection next.
// One that is closed is forgotten at once. The pool would wait until the
// database has taken leave, and callers for its place.
func (l lent) release() {
	if l.ctx.Err() != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), closeLimit)
		_ = l.Conn.Conn().Close(closing) // it is not used again
		cancel()
	}
	if l.Conn.Conn().IsClosed() {
		l.Hijack() // it closes itself
	} else {
		l.Release()
	}
	l.back()
}

// closeLimit is how long taking leave of the database may take.
const closeLimit = time.Second
