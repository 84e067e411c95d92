package sqlite

import (
	"context"
	"errors"
	"runtime"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/addressbook"
	"callbook/internal/cores"
	"callbook/internal/limit"
)

// Connections have a purpose each, so that none of these waits for another:
//
//   - control is for authentication, sessions and probes;
//   - points is for reads that an index serves, which take microseconds a row;
//   - scans is for reads that go through an account, which take 0.3 s a million
//     contacts;
//   - writes is for writes of accounts, keys and sessions. One is enough: SQLite
//     lets one connection write at a time.
//
// Reads of contacts are shared out by account. One account alone gets half of
// the connections of a purpose; the other half stays free for accounts that
// have none.
const controlConns = 4

// readers are connections that accounts share.
type readers struct {
	health *health
	pool   *sqlitex.Pool
	places *limit.Pool // one for each connection
}

// openReaders opens n connections, which accounts share as opts says.
func openReaders(path string, h *health, n int, opts limit.Options) (*readers, error) {
	pool, err := openPool(path, n)
	return &readers{health: h, pool: pool, places: limit.New(int64(n), opts)}, err
}

func openPool(path string, n int) (*sqlitex.Pool, error) {
	return sqlitex.NewPool(path, sqlitex.PoolOptions{
		Flags:       sqlite.OpenReadWrite,
		PoolSize:    n,
		PrepareConn: prepareConn,
	})
}

// read lends a connection to f, on behalf of the account.
func (r *readers) read(ctx context.Context, account int64, f func(*sqlite.Conn) error) error {
	if err := r.places.Acquire(ctx, account, 1); err != nil {
		return err
	}
	defer r.places.Release(account, 1)
	return lend(ctx, r.health, r.pool, f)
}

// lend lends a connection of the pool to f, as long as the file is not lost.
func lend(ctx context.Context, h *health, pool *sqlitex.Pool, f func(*sqlite.Conn) error) error {
	// A new connection would open what has the file's name now.
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
		// SQLite only says that it was interrupted.
		err = errors.Join(context.Cause(ctx), err)
	}
	return err
}

// pools are the connections of a database file.
type pools struct {
	health  *health
	control *sqlitex.Pool
	writes  *sqlitex.Pool
	points  *readers
	scans   *readers
}

// openPools opens connections to the file. The error leaves none open.
func openPools(path string, h *health) (p pools, err error) {
	p.health = h
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	n := cores.Count()
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
	p.scans, err = openReaders(path, h, scanPlaces(n), limit.Options{Spare: true, MaxWaiting: addressbook.MaxWaitingScans, Busy: addressbook.ErrManyScans})
	return p, err
}

// scanPlaces is how many scans run at once.
func scanPlaces(cores int) int { return max(2, cores) }

// close closes all connections, once they are given back.
func (p *pools) close() error {
	var errs []error
	for _, pool := range []*sqlitex.Pool{p.control, p.writes, p.points.connections(), p.scans.connections()} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

// readersOf returns the connections for a query, which scans or does not.
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

// turns lets others run while a goroutine goes through many rows. It counts the
// rows of one scan.
type turns struct{ rows int }

// turnRows is after how many rows the others have a turn.
const turnRows = 256

func (t *turns) row() {
	if t.rows++; t.rows == turnRows {
		t.rows = 0
		runtime.Gosched()
	}
}
