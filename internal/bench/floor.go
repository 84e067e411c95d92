package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	callbook "callbook/internal/sqlite"
)

// floor writes rows with the bare driver: the server's own schema, page size
// and durability, one prepared statement that inserts one row, SQLite's own
// checkpoints, and nothing else. What the server takes beyond it is what HTTP,
// JSON, number matching and uniqueness cost; what it takes less is what its
// way of writing gains.
type floor struct {
	conn   *sqlite.Conn
	insert *sqlite.Stmt
}

const floorAccount = 1

// openFloor makes a new database in the directory.
func openFloor(ctx context.Context, dir string) (*floor, error) {
	path := filepath.Join(dir, "floor.db")
	// The store makes the file, so that schema, page size and journal mode are
	// the real ones.
	db, err := callbook.Open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("make the floor's database: %w", err)
	}
	if err := db.Close(); err != nil {
		return nil, fmt.Errorf("make the floor's database: %w", err)
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("open the floor's database: %w", err)
	}
	f := &floor{conn: conn}
	if err := f.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the floor's database: %w", err), conn.Close())
	}
	return f, nil
}

// prepare sets what the server's writer sets, checkpoints aside.
func (f *floor) prepare() error {
	for _, statement := range []string{
		"PRAGMA foreign_keys = OFF",
		"PRAGMA synchronous = FULL",
		"PRAGMA cache_size = -16384",
		`INSERT INTO accounts (id, sid, region, time_zone, date_created) VALUES (1, 'floor', 'IN', 'Asia/Kolkata', 0)`,
	} {
		if err := sqlitex.ExecuteTransient(f.conn, statement, nil); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	var err error
	f.insert, err = f.conn.Prepare(`INSERT INTO contacts (account_id, sid, number, first_name, last_name,
		company_name, email, tag, custom_field, date_created, date_updated) VALUES (?,?,?,?,?,?,?,?,?,?,?)`)
	return err
}

func (f *floor) close() error { return f.conn.Close() }

// run writes the rows in transactions of this many, until all are written or
// the time is over, and returns how long each took.
func (f *floor) run(ctx context.Context, rows []row, each int, limit time.Duration) (load, error) {
	var l load
	for len(rows) > 0 && l.took < limit {
		if err := ctx.Err(); err != nil {
			return load{}, context.Cause(ctx)
		}
		n := min(each, len(rows))
		start := time.Now()
		if err := f.transaction(rows[:n]); err != nil {
			return load{}, fmt.Errorf("write the floor's rows: %w", err)
		}
		took := time.Since(start)
		l.latencies = append(l.latencies, took)
		l.took += took
		rows = rows[n:]
	}
	return l, nil
}

func (f *floor) transaction(rows []row) error {
	if err := sqlitex.Execute(f.conn, "BEGIN IMMEDIATE", nil); err != nil {
		return err
	}
	for i := range rows {
		if err := f.insertRow(&rows[i]); err != nil {
			return errors.Join(err, sqlitex.Execute(f.conn, "ROLLBACK", nil))
		}
	}
	return sqlitex.Execute(f.conn, "COMMIT", nil)
}

func (f *floor) insertRow(r *row) error {
	s := f.insert
	s.BindInt64(1, floorAccount)
	s.BindBytes(2, r.sid[:])
	s.BindInt64(3, int64(r.number))
	s.BindText(4, r.first)
	s.BindText(5, r.last)
	s.BindText(6, r.company)
	s.BindText(7, r.email)
	s.BindText(8, r.tag)
	s.BindText(9, r.custom)
	s.BindInt64(10, r.created)
	s.BindInt64(11, r.created)
	if _, err := s.Step(); err != nil {
		return errors.Join(err, s.Reset())
	}
	return s.Reset()
}
