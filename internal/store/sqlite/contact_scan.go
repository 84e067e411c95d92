package sqlite

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/addressbook"
)

// scan is a full scan of a selection, for queries that no index serves: a filter by
// text, or an order other than that of creation. It holds the best limit rows, and no
// lock.
type scan struct {
	selection
	query addressbook.Query
	limit int // how many rows are wanted
	// skip is how many matching rows to omit before those. It may be set only with
	// the order of creation, and then a single reader scans in that order.
	skip int
	// every makes the scan keep one of so many matching rows only, as a sample; 0 is
	// all of them.
	every int
}

// found is the result of a scan.
type found struct {
	total int // how many contacts match the filter
	*topK
}

// errEnough ends a scan when the row quota is used up.
var errEnough = errors.New("enough rows")

// rowQuota is the number of rows that the readers of a scan have still to read. They
// take it in batches, each from its end of the table, until they meet.
type rowQuota struct {
	left   atomic.Int64
	batch  int64
	before func() // called before each batch, if set
}

// take returns how many more rows the caller may read. Zero ends its scan.
func (q *rowQuota) take() int64 {
	if q.before != nil {
		q.before()
	}
	return min(q.batch, max(0, q.left.Add(-q.batch)+q.batch))
}

// The orders in which contacts are scanned.
const (
	anyOrder  = ""
	fromFirst = " ASC"
	fromLast  = " DESC"
)

// run scans on one connection: all rows, or as many as it can take of a quota.
func (s *scan) run(conn *sqlite.Conn, quota *rowQuota, order string) (found, error) {
	filter := newFilter(s.query)
	result := found{topK: newTopK(s.query.Window, s.skip, s.limit)}
	text := "SELECT " + filter.columns(s.query.Sort) + " " + s.from
	if order != anyOrder {
		text += " ORDER BY " + s.sid + order
	}
	var left int64
	err := sqlitex.Execute(conn, text, &sqlitex.ExecOptions{
		Args: s.args,
		ResultFunc: func(row *sqlite.Stmt) error {
			if quota != nil {
				if left == 0 {
					if left = quota.take(); left == 0 {
						return errEnough
					}
				}
				left--
			}
			if filter.matches(row) {
				result.total++
				if s.every == 0 || result.total%s.every == 0 {
					result.add(filter.place(row, s.query.Window))
				}
			}
			return nil
		},
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return result, err
}

// secondReaders are connections for scans of large address books, which start at both
// ends at once. A scan takes one only if it is free, and never waits for it. The other
// pools stay free for other requests.
type secondReaders struct {
	pool *sqlitex.Pool
	free *semaphore.Weighted
}

// scanLimits are the sizes of scans.
type scanLimits struct {
	second   int   // connections for the other end, in all
	places   int   // how many rows a scan keeps; a page further on takes several scans
	sample   int   // one row of so many is in a sample
	bothEnds int   // from how many rows on a scan starts at both ends
	batch    int64 // how many rows an end takes of the quota at a time
}

func usualScans() scanLimits {
	return scanLimits{second: runtime.GOMAXPROCS(0) / 2, places: 50_000, sample: 100, bothEnds: 20_000, batch: 512}
}

func openSecondReaders(path string, n int) (*secondReaders, error) {
	r := &secondReaders{free: semaphore.NewWeighted(int64(n))}
	if n == 0 {
		return r, nil
	}
	var err error
	r.pool, err = openPool(path, n)
	return r, err
}

func (r *secondReaders) close() error {
	if r.pool == nil {
		return nil
	}
	return r.pool.Close()
}

// take returns a connection whose read transaction sees the same snapshot as one that
// was begun at the writer's state since. It returns nil if all connections are taken,
// or if the writer has committed since. The caller must call putBack.
func (r *secondReaders) take(ctx context.Context, w *writer, since state) (conn *sqlite.Conn, putBack func(), err error) {
	if !r.free.TryAcquire(1) {
		return nil, nil, nil
	}
	conn, err = r.pool.Take(ctx)
	if err != nil {
		r.free.Release(1)
		return nil, nil, err
	}
	end := sqlitex.Transaction(conn)
	putBack = func() {
		var nothing error
		end(&nothing) // it has only read
		r.pool.Put(conn)
		r.free.Release(1)
	}
	// A transaction gets its snapshot at its first read.
	err = sqlitex.Execute(conn, `SELECT 1 FROM contacts LIMIT 1`, nil)
	if err != nil || w.state() != since {
		putBack()
		return nil, nil, err
	}
	return conn, putBack, nil
}

// scan runs the scan on the connection, whose transaction was begun at the writer's
// state since. For a large account it also scans from the other end, if a second
// connection is free.
func (b *AddressBook) scan(ctx context.Context, conn *sqlite.Conn, since state, s *scan) (found, error) {
	switch {
	case s.skip > 0 && s.query.Desc:
		return s.run(conn, nil, fromLast)
	case s.skip > 0:
		return s.run(conn, nil, fromFirst)
	case s.known < b.scans.bothEnds || !since.settled():
		return s.run(conn, nil, anyOrder)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if b.db.scans.slots.Slack() == 0 {
		// Other scans run or wait. The remaining cores are for small requests.
		return s.run(conn, nil, anyOrder)
	}
	other, putBack, err := b.second.take(ctx, b.writer, since)
	if err != nil {
		return found{}, err
	}
	if other == nil {
		return s.run(conn, nil, anyOrder)
	}
	defer putBack()
	quota := &rowQuota{batch: b.scans.batch, before: b.beforeBatch}
	quota.left.Store(int64(s.known))
	var last found
	var end errgroup.Group
	end.Go(func() (err error) {
		last, err = s.run(other, quota, fromLast)
		return err
	})
	first, err := s.run(conn, quota, fromFirst)
	if err != nil {
		cancel() // ends the scan from the other end
	}
	if err := cmp.Or(err, end.Wait()); err != nil {
		return found{}, err
	}
	first.total += last.total
	first.passed += last.passed
	first.kept = append(first.kept, last.kept...)
	return first, nil
}
