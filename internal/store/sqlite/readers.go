package sqlite

import (
	"context"
	"errors"
	"runtime"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/limit"
)

// controlConns is the size of the pool control. There is a pool of connections for each
// purpose, so that no purpose waits for another:
//
//   - control is for authentication, sessions and probes;
//   - points is for reads that an index serves, which take microseconds a row;
//   - scans is for full scans of an account, which take 0.3 s a million contacts;
//   - writes is for writes of accounts, keys and sessions. It has one connection, since
//     SQLite lets one connection write at a time.
//
// Accounts share points and scans fairly: a single account gets half of a pool, and the
// other half stays free for accounts that hold no connection.
const controlConns = 4

// readers is a pool of connections that accounts share.
type readers struct {
	health *health
	pool   *sqlitex.Pool
	slots  *limit.Pool // one for each connection
}

// openReaders opens n connections, which accounts share according to opts.
func openReaders(path string, h *health, n int, opts limit.Options) (*readers, error) {
	pool, err := openPool(path, n)
	return &readers{health: h, pool: pool, slots: limit.New(int64(n), opts)}, err
}

func openPool(path string, n int) (*sqlitex.Pool, error) {
	return sqlitex.NewPool(path, sqlitex.PoolOptions{
		Flags:       sqlite.OpenReadWrite,
		PoolSize:    n,
		PrepareConn: prepareConn,
	})
}

// read lends a connection to f, on behalf of the account.
func (r *readers) read(ctx context.Context, account account.ID, f func(*sqlite.Conn) error) error {
	if err := r.slots.Acquire(ctx, account, 1); err != nil {
		return err
	}
	defer r.slots.Release(account, 1)
	return lend(ctx, r.health, r.pool, f)
}

// lend lends a connection of the pool to f, unless the file is lost.
func lend(ctx context.Context, h *health, pool *sqlitex.Pool, f func(*sqlite.Conn) error) error {
	// A new connection would open whichever file has the name now.
	if err := h.refusal(); err != nil {
		return err
	}
	conn, err := pool.Take(ctx)
	if err != nil {
		return err
	}
	defer pool.Put(conn)
	err = h.note(f(conn))
	if err != nil && ctx.Err() != nil {
		// SQLite's own error says only that it was interrupted.
		err = errors.Join(context.Cause(ctx), err)
	}
	return err
}

// pools are the pools of connections to a database file.
type pools struct {
	health  *health
	control *sqlitex.Pool
	writes  *sqlitex.Pool
	points  *readers
	scans   *readers
}

// openPools opens the pools. After an error none is open.
func openPools(path string, h *health) (p pools, err error) {
	p.health = h
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	n := runtime.GOMAXPROCS(0)
	if p.control, err = openPool(path, controlConns); err != nil {
		return p, err
	}
	if p.writes, err = openPool(path, 1); err != nil {
		return p, err
	}
	p.points, err = openReaders(path, h, max(4, 2*n), limit.Options{Spare: true, MaxWaiting: addressbook.MaxWaitingRequests, Busy: addressbook.ErrManyRequests})
	if err != nil {
		return p, err
	}
	p.scans, err = openReaders(path, h, max(2, n), limit.Options{Spare: true, MaxWaiting: addressbook.MaxWaitingScans, Busy: addressbook.ErrManyScans})
	return p, err
}

// close waits until all connections are returned, and closes them.
func (p *pools) close() error {
	var errs []error
	for _, pool := range []*sqlitex.Pool{p.control, p.writes, p.points.connections(), p.scans.connections()} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

// readersOf returns the pool for a query that scans, or for one that does not.
func (p *pools) readersOf(scans bool) *readers {
	if scans {
		return p.scans
	}
	return p.points
}

func (r *readers) connections() *sqlitex.Pool {
	if r == nil {
		return nil
	}
	return r.pool
}
