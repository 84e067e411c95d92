package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"callbook/internal/account"
	"callbook/internal/campaign"
	"callbook/internal/clock"
	"callbook/internal/session"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
)

// database is the flag that every command has.
type database struct {
	DB string `name:"db" default:"callbook.db" placeholder:"FILE|URL" help:"Database: a file, or a PostgreSQL database as postgres://user:password@host:5432/callbook (${default})."`
}

// Validate refuses what is neither the name of a file nor the URL of a PostgreSQL
// database.
func (d database) Validate() error { return checkDatabase("--db", d.DB) }

// name is how a message calls the database; it never has a password in it.
func (d database) name() string {
	if postgres.IsURL(d.DB) {
		return postgres.Redact(d.DB)
	}
	return d.DB
}

// commandStore is a database as the commands beside the server use it.
type commandStore interface {
	account.Store
	session.Store
	campaign.PolicyStore
	Close() error
}

// withDirectory lends the accounts and keys of a database that is there to f.
// It works beside a running server.
func (d database) withDirectory(ctx context.Context, f func(*account.Directory) error) error {
	return d.withDB(ctx, func(db commandStore) error { return f(account.NewDirectory(db, clock.System)) })
}

// withDB lends a database to f. It works beside a running server. The schema of a
// PostgreSQL database is left as it is, because other servers may be using it.
func (d database) withDB(ctx context.Context, f func(commandStore) error) (err error) {
	var db commandStore
	if postgres.IsURL(d.DB) {
		db, err = postgres.Open(ctx, d.DB, postgres.Options{})
	} else {
		db, err = sqlite.Open(ctx, d.DB)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return f(db)
}

// mustExist is for commands that look into a database: on a misspelt name they
// should say so instead of making an empty one.
func (d database) mustExist() error {
	if d.missing() {
		return fmt.Errorf("there is no database %s; name the server's with --db, or make one with \"callbook serve\" or \"callbook account create\"", d.DB)
	}
	return nil
}

// mustHold is mustExist for commands to which an empty file is of no use either:
// opening it would make a database in it.
func (d database) mustHold() error {
	if err := d.mustExist(); err != nil {
		return err
	}
	if d.empty() {
		return fmt.Errorf("the file %s is empty; \"callbook serve\" or \"callbook account create\" makes a database in it", d.DB)
	}
	return nil
}

// empty tells whether the file is there and has nothing in it.
func (d database) empty() bool {
	if postgres.IsURL(d.DB) {
		return false
	}
	info, err := os.Stat(d.DB)
	return err == nil && info.Size() == 0
}

// missing tells whether there is no such file. Of a PostgreSQL database it tells
// nothing: opening one that is not there is an error, and does not make it.
func (d database) missing() bool {
	if postgres.IsURL(d.DB) {
		return false
	}
	_, err := os.Stat(d.DB)
	return errors.Is(err, fs.ErrNotExist)
}

type migrateCmd struct{ database }

func (c *migrateCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustExist(); err != nil {
		return err
	}
	var err error
	if postgres.IsURL(c.DB) {
		err = postgres.Migrate(ctx, c.DB)
	} else {
		err = c.withDB(ctx, func(commandStore) error { return nil })
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "The schema of %s is up to date.\n", c.name())
	return err
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// date is how the commands print a time; "-" is one that has not come.
func date(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// jsonDate is how the commands' JSON holds a time; null is one that has not
// come.
func jsonDate(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(time.RFC3339Nano)
	return &s
}
