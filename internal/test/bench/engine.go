package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/test/pgtest"
)

// engine is where databases come from.
type engine struct {
	// database makes an empty database, whose files, if it has any, are in dir, and
	// returns what callbook's --db is told. It is gone after close.
	database func(ctx context.Context, dir string) (name string, err error)
	// floor opens a database for the floor.
	floor     func(ctx context.Context, dir string) (floor, error)
	floorText string
	// campaignFloor opens a database for the floor of campaigns.
	campaignFloor func(ctx context.Context, dir string) (*campaignFloor, error)
	pid           process // the engine's own; 0 where it has none
	close         func() error
}

// floor writes rows in one transaction with the bare driver, and does nothing else.
// What the server takes beyond it is what HTTP, JSON, number matching and uniqueness
// cost; what it takes less is what its way of writing gains. Without rows it closes
// the database.
type floor func(ctx context.Context, rows []contact) error

// floorColumns are what a request gives of a contact.
const floorColumns = "account_id, sid, number, first_name, last_name, company_name, email, tag, custom_field, date_created, date_updated"

// sqlite is the embedded engine: a database is a file, in the lab's directory.
func (l *lab) sqlite() *engine {
	return &engine{
		database:      func(_ context.Context, dir string) (string, error) { return filepath.Join(dir, "bench.db"), nil },
		floor:         l.sqliteFloor,
		campaignFloor: l.sqliteCampaignFloor,
		floorText:     "the same rows through the bare SQLite driver, a transaction for each request's worth.",
	}
}

// sqliteFloorFile makes and opens a database for the floor with the server's own schema,
// page size and durability, and SQLite's own checkpoints.
func (l *lab) sqliteFloorFile(ctx context.Context, dir string) (*sqlite.Conn, error) {
	path := filepath.Join(dir, "floor.db")
	// A command makes the file, so that schema, page size and journal mode are the
	// real ones. The account's id is 1.
	if _, err := l.command(ctx, path, "account", "create", "floor"); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	// What the server's writer sets, checkpoints aside.
	for _, pragma := range []string{"foreign_keys = OFF", "synchronous = FULL", "cache_size = -16384"} {
		err = errors.Join(err, sqlitex.ExecuteTransient(conn, "PRAGMA "+pragma, nil))
	}
	return conn, err
}

// sqliteFloor has one prepared statement that inserts one row.
func (l *lab) sqliteFloor(ctx context.Context, dir string) (floor, error) {
	conn, err := l.sqliteFloorFile(ctx, dir)
	if err != nil {
		return nil, err
	}
	insert, err := conn.Prepare("INSERT INTO contacts (" + floorColumns + ") VALUES (1,?,?,?,?,?,?,?,?,?,?)")
	return func(_ context.Context, rows []contact) (err error) {
		if rows == nil {
			return conn.Close()
		}
		end, err := sqlitex.ImmediateTransaction(conn)
		if err != nil {
			return err
		}
		defer end(&err)
		for i := range rows {
			r := &rows[i]
			insert.BindBytes(1, r.sid[:])
			insert.BindInt64(2, r.number)
			for j, text := range [...]string{r.first, r.last, r.company, r.email, r.tag, r.custom} {
				insert.BindText(3+j, text)
			}
			insert.BindInt64(9, r.created)
			insert.BindInt64(10, r.created)
			_, err := insert.Step()
			if err := errors.Join(err, insert.Reset()); err != nil {
				return err
			}
		}
		return nil
	}, err
}

// newPostgres uses the PostgreSQL server at the URL, or starts one when it is "", with
// its files in a folder of dir.
func newPostgres(dsn, dir string) (*engine, error) {
	e := &engine{floorText: "binary COPY of the same rows into a table with the same primary key and unique index, a transaction for each request's worth."}
	var made []string
	e.close = func() (err error) { // works after a signal too
		for _, name := range made {
			err = errors.Join(err, do(context.Background(), dsn, "DROP DATABASE "+name+" WITH (FORCE)"))
		}
		return err
	}
	if dsn == "" {
		own, err := pgtest.Start(dir)
		if err != nil {
			return nil, err
		}
		pid, _ := own.PID() // the processor time of process 0 is zero
		e.pid, e.close, dsn = process(pid), own.Close, own.URL()
	}
	u, err := url.Parse(dsn)
	// A database stays until close. PostgreSQL makes a checkpoint when one is dropped,
	// and then logs each page whole that is changed for the first time, which others
	// would pay for.
	e.database = func(ctx context.Context, _ string) (string, error) {
		name := fmt.Sprintf("callbook_bench_%d_%d", time.Now().Unix(), len(made))
		made = append(made, name)
		return u.JoinPath("..", name).String(), do(ctx, dsn, "CREATE DATABASE "+name+" TEMPLATE template0")
	}
	e.floor = e.postgresFloor
	return e, err
}

// do executes a statement.
func do(ctx context.Context, url, statement string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

const floorTable = `CREATE TABLE floor (
	account_id bigint NOT NULL, sid uuid NOT NULL, number bigint NOT NULL,
	first_name text COLLATE "C", last_name text COLLATE "C", company_name text COLLATE "C",
	email text COLLATE "C", tag text COLLATE "C", custom_field text COLLATE "C",
	date_created bigint NOT NULL, date_updated bigint NOT NULL,
	PRIMARY KEY (account_id, sid), UNIQUE (account_id, number)
)`

// postgresFloor copies rows into a table with what a request gives of a contact, and
// the keys that the server's has. A COPY is a transaction by itself.
func (e *engine) postgresFloor(ctx context.Context, dir string) (floor, error) {
	name, err := e.database(ctx, dir)
	if err != nil {
		return nil, err
	}
	if err := do(ctx, name, floorTable); err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, name)
	return func(ctx context.Context, rows []contact) error {
		if rows == nil {
			return conn.Close(ctx)
		}
		var values [11]any
		_, err := conn.CopyFrom(ctx, pgx.Identifier{"floor"}, strings.Split(floorColumns, ", "), pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
			r := &rows[i]
			values = [...]any{int64(1), r.sid, r.number, r.first, r.last, r.company, r.email, r.tag, r.custom, r.created, r.created}
			return values[:], nil
		}))
		return err
	}, err
}
