package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/pgtest"
)

// postgresEngine makes databases on a PostgreSQL server: one that it has started
// itself, or one that is there.
type postgresEngine struct {
	url    *url.URL
	own    *pgtest.Server // nil for one that is there
	family family
	made   int // databases
}

// newPostgres uses the server at the URL, or starts one when it is "", with its
// files in a folder of dir.
func newPostgres(dsn, dir string) (*postgresEngine, error) {
	e := &postgresEngine{}
	if dsn == "" {
		var err error
		if e.own, err = pgtest.Start(dir); err != nil {
			return nil, err
		}
		dsn = e.own.URL()
		if e.family.parent, err = e.own.PID(); err != nil {
			return nil, errors.Join(err, e.close())
		}
	}
	var err error
	if e.url, err = url.Parse(dsn); err != nil {
		return nil, errors.Join(errors.New("--dsn is not a URL"), e.close())
	}
	return e, nil
}

func (e *postgresEngine) floorText() string {
	return "The floor is binary COPY of the same rows into a table with the same primary key and unique index, a transaction for each request's worth."
}

func (e *postgresEngine) cpu() time.Duration { return e.family.cpu() }

func (e *postgresEngine) close() error {
	if e.own == nil {
		return nil
	}
	return e.own.Close()
}

func (e *postgresEngine) newDatabase(ctx context.Context, _ string) (database, error) {
	return e.make(ctx)
}

func (e *postgresEngine) make(ctx context.Context) (*postgresDatabase, error) {
	e.made++
	d := &postgresDatabase{engine: e, word: fmt.Sprintf("callbook_bench_%d_%d", time.Now().Unix(), e.made)}
	if err := e.exec(ctx, "CREATE DATABASE "+d.word+" TEMPLATE template0"); err != nil {
		return nil, fmt.Errorf("make a database: %w", err)
	}
	return d, nil
}

func (e *postgresEngine) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, e.url.String())
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// postgresDatabase is one of a server's databases.
type postgresDatabase struct {
	engine *postgresEngine
	word   string
}

func (d *postgresDatabase) name() string {
	u := *d.engine.url
	u.Path = "/" + d.word
	return u.String()
}

func (d *postgresDatabase) size(ctx context.Context) (bytes int, err error) {
	conn, err := pgx.Connect(ctx, d.name())
	if err != nil {
		return 0, err
	}
	err = conn.QueryRow(ctx, `SELECT pg_total_relation_size('contacts')`).Scan(&bytes)
	return bytes, errors.Join(err, conn.Close(ctx))
}

// removeLimit is how long it may take to drop a database, which waits for a
// checkpoint.
const removeLimit = 2 * time.Minute

// remove works after a signal too.
func (d *postgresDatabase) remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), removeLimit)
	defer cancel()
	if err := d.engine.exec(ctx, "DROP DATABASE "+d.word+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("remove the database %s: %w", d.word, err)
	}
	return nil
}

// postgresFloor copies rows into a table with what a request gives of a contact,
// and the keys that the server's has.
type postgresFloor struct {
	database *postgresDatabase
	conn     *pgx.Conn
}

const floorTable = `CREATE TABLE floor (
	account_id   bigint NOT NULL,
	sid          uuid   NOT NULL,
	number       bigint NOT NULL,
	first_name   text COLLATE "C",
	last_name    text COLLATE "C",
	company_name text COLLATE "C",
	email        text COLLATE "C",
	tag          text COLLATE "C",
	custom_field text COLLATE "C",
	date_created bigint NOT NULL,
	date_updated bigint NOT NULL,
	PRIMARY KEY (account_id, sid),
	UNIQUE (account_id, number)
)`

var floorColumns = []string{
	"account_id", "sid", "number", "first_name", "last_name", "company_name", "email", "tag", "custom_field", "date_created", "date_updated",
}

func (e *postgresEngine) openFloor(ctx context.Context, _ string) (floor, error) {
	d, err := e.make(ctx)
	if err != nil {
		return nil, err
	}
	f := &postgresFloor{database: d}
	if f.conn, err = pgx.Connect(ctx, d.name()); err == nil {
		_, err = f.conn.Exec(ctx, floorTable)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the floor's database: %w", err), f.close())
	}
	return f, nil
}

// transaction is one COPY, which is a transaction by itself.
func (f *postgresFloor) transaction(ctx context.Context, rows []row) error {
	values := make([]any, len(floorColumns))
	i := 0
	copied, err := f.conn.CopyFrom(ctx, pgx.Identifier{"floor"}, floorColumns, pgx.CopyFromFunc(func() ([]any, error) {
		if i == len(rows) {
			return nil, nil
		}
		r := &rows[i]
		i++
		values = append(values[:0], int64(floorAccount), r.sid, int64(r.number), r.first, r.last, r.company, r.email, r.tag, r.custom, r.created, r.created)
		return values, nil
	}))
	if err == nil && int(copied) != len(rows) {
		err = fmt.Errorf("%d of %d rows were copied", copied, len(rows))
	}
	return err
}

func (f *postgresFloor) close() (err error) {
	if f.conn != nil {
		err = f.conn.Close(context.Background())
	}
	return errors.Join(err, f.database.remove())
}
