package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	callbook "callbook/internal/sqlite"
)

// sqliteEngine is the embedded engine: a database is a file.
type sqliteEngine struct{}

func (sqliteEngine) floorText() string {
	return "The floor is the same rows through the bare SQLite driver, a transaction for each request's worth."
}

func (sqliteEngine) newDatabase(_ context.Context, dir string) (database, error) {
	return sqliteFile(filepath.Join(dir, "bench.db")), nil
}

func (sqliteEngine) cpu() time.Duration { return 0 } // it is the server's, or the floor's

func (sqliteEngine) close() error { return nil }

// sqliteFile is the path of a database.
type sqliteFile string

func (f sqliteFile) name() string { return string(f) }

// size leaves out the write-ahead log, whose pages come to be the file's.
func (f sqliteFile) size(context.Context) (int, error) {
	info, err := os.Stat(string(f))
	if err != nil {
		return 0, err
	}
	return int(info.Size()), nil
}

func (f sqliteFile) remove() error { return nil } // its folder is removed

// sqliteFloor has the server's own schema, page size and durability, one prepared
// statement that inserts one row, and SQLite's own checkpoints.
type sqliteFloor struct {
	conn   *sqlite.Conn
	insert *sqlite.Stmt
}

func (sqliteEngine) openFloor(ctx context.Context, dir string) (floor, error) {
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
	f := &sqliteFloor{conn: conn}
	if err := f.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the floor's database: %w", err), conn.Close())
	}
	return f, nil
}

// prepare sets what the server's writer sets, checkpoints aside.
func (f *sqliteFloor) prepare() error {
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

func (f *sqliteFloor) close() error { return f.conn.Close() }

func (f *sqliteFloor) transaction(_ context.Context, rows []row) error {
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

func (f *sqliteFloor) insertRow(r *row) error {
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
