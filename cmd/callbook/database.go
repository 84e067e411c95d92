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
	"callbook/internal/auditlog"
	"callbook/internal/campaign"
	"callbook/internal/clock"
	"callbook/internal/session"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/trunk"
)

// database is the flag --db, which every command has.
type database struct {
	DB string `name:"db" default:"callbook.db" placeholder:"FILE|URL" help:"Database: a file, or a PostgreSQL database as postgres://user:password@host:5432/callbook (${default})."`
}

// Validate returns an error if the value is neither a file name nor the URL of a
// PostgreSQL database.
func (d database) Validate() error { return checkDatabase("--db", d.DB) }

// name returns the name of the database for messages, without a password.
func (d database) name() string {
	if postgres.IsURL(d.DB) {
		return postgres.Redact(d.DB)
	}
	return d.DB
}

// commandStore is a database as the commands other than serve use it.
type commandStore interface {
	account.Store
	session.Store
	campaign.PolicyStore
	trunk.Store
	auditlog.Store
	Close() error
}

// withDirectory calls f with the accounts and keys of an existing database. A server may
// be running on it.
func (d database) withDirectory(ctx context.Context, f func(*account.Directory) error) error {
	return d.withDB(ctx, func(db commandStore) error { return f(account.NewDirectory(db, clock.System)) })
}

// withDB calls f with a database. A server may be running on it. The schema of a
// PostgreSQL database stays unchanged, because other servers may use it.
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

// mustExist returns an error if the database does not exist. Commands that only read call
// it, so that a misspelt name does not create a database.
func (d database) mustExist() error {
	if d.missing() {
		return fmt.Errorf("there is no database %s; name the server's with --db, or make one with \"callbook serve\" or \"callbook account create\"", d.DB)
	}
	return nil
}

// mustHold is mustExist for commands that cannot use an empty file either, in which
// opening would create a database.
func (d database) mustHold() error {
	if err := d.mustExist(); err != nil {
		return err
	}
	if d.empty() {
		return fmt.Errorf("the file %s is empty; \"callbook serve\" or \"callbook account create\" makes a database in it", d.DB)
	}
	return nil
}

// empty reports whether the file exists and is empty.
func (d database) empty() bool {
	if postgres.IsURL(d.DB) {
		return false
	}
	info, err := os.Stat(d.DB)
	return err == nil && info.Size() == 0
}

// missing reports whether the file does not exist. For a PostgreSQL database, it returns
// false: opening a missing one fails and does not create it.
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

// date formats a time for people; the zero time becomes "-".
func date(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// jsonDate formats a time for JSON; the zero time becomes null.
func jsonDate(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(time.RFC3339Nano)
	return &s
}
