package sqlite

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/addressbook"
	"callbook/internal/cores"
)

// scan goes through all contacts of a selection, for what no index serves: a
// filter by their texts, an order other than that of creation. It holds no
// more than the places that are wanted, and no lock.
type scan struct {
	selection
	query addressbook.Query
	limit int // how many places are wanted
	// skip is how many places before those are not. It goes with the order of
	// creation only, and then one reader goes through the contacts in it.
	skip int
}

// found is what a scan came to.
type found struct {
	total int // contacts that pass the filter
	*best
}

// errEnough ends a scan that has done its share.
var errEnough = errors.New("enough rows")

// share hands the rows of a scan out to those that go through them, some at a
// time.
type share struct {
	left   atomic.Int64
	batch  int64
	before func() // called before each batch, if set
}

// take returns how many more rows may be read; zero ends the scan.
func (s *share) take() int64 {
	if s.before != nil {
		s.before()
	}
	return min(s.batch, max(0, s.left.Add(-s.batch)+s.batch))
}

// The orders in which contacts are gone through.
const (
	anyOrder  = ""
	fromFirst = " ASC"
	fromLast  = " DESC"
)

// run scans on one connection: all rows, or those that it gets of a share.
func (s *scan) run(conn *sqlite.Conn, rows *share, order string) (found, error) {
	filter := newFilter(s.query)
	result := found{best: newBest(s.query.Window, s.skip, s.limit)}
	text := "SELECT " + filter.columns(s.query.Sort) + " " + s.from
	if order != anyOrder {
		text += " ORDER BY " + s.sid + order
	}
	var left int64
	var turns turns
	err := sqlitex.Execute(conn, text, &sqlitex.ExecOptions{
		Args: s.args,
		ResultFunc: func(row *sqlite.Stmt) error {
			turns.row()
			if rows != nil {
				if left == 0 {
					if left = rows.take(); left == 0 {
						return errEnough
					}
				}
				left--
			}
			if filter.passes(row) {
				result.total++
				result.add(filter.place(row, s.query.Sort))
			}
			return nil
		},
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return result, err
}

// secondReaders are connections for scans of large address books, which begin
// at both ends at once. A scan takes one if it is free and never waits for it,
// so that the other readers are left to the other requests.
type secondReaders struct {
	pool *sqlitex.Pool
	free *semaphore.Weighted
}

// scanLimits are the sizes of scans.
type scanLimits struct {
	second   int   // readers that scans from the other end share
	places   int   // that a scan keeps; a page further on takes more scans
	bothEnds int   // rows from which on it is worth to begin at both ends
	batch    int64 // rows that an end takes at a time
}

func usualScans() scanLimits {
	return scanLimits{second: cores.Count() / 2, places: 50_000, bothEnds: 20_000, batch: 512}
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

// take returns a connection, within a transaction that sees the same as one
// that was begun since the writer had this state; or nil if there is none, be
// it that all are taken or that the writer has committed meanwhile. What is
// taken must be put back.
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
		end(&nothing) // it has read only
		r.pool.Put(conn)
		r.free.Release(1)
	}
	// A transaction sees what is there when it first reads.
	err = sqlitex.Execute(conn, `SELECT 1 FROM contacts LIMIT 1`, nil)
	if err != nil || w.state() != since {
		putBack()
		return nil, nil, err
	}
	return conn, putBack, nil
}

// scan runs the scan on the connection, whose transaction was begun since the
// writer had this state; and from the other end on a second connection, where
// that is worth it and one can be had.
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
	if b.db.scans.places.Slack() == 0 {
		// Others scan, or wait for it, and a core that they do not use is left to
		// small requests.
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
	rows := &share{batch: b.scans.batch, before: b.beforeBatch}
	rows.left.Store(int64(s.known))
	var last found
	var end errgroup.Group
	end.Go(func() (err error) {
		last, err = s.run(other, rows, fromLast)
		return err
	})
	first, err := s.run(conn, rows, fromFirst)
	if err != nil {
		cancel() // nobody needs the other end any more
	}
	if err := cmp.Or(err, end.Wait()); err != nil {
		return found{}, err
	}
	first.total += last.total
	first.kept = append(first.kept, last.kept...)
	return first, nil
}
