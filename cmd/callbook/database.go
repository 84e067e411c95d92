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
	"callbook/internal/sqlite"
)

// database is the flag that every command has.
type database struct {
	DB string `name:"db" default:"callbook.db" placeholder:"FILE" help:"Database file (${default})."`
}

// withDirectory lends the accounts and keys of a database that is there to f.
// It works beside a running server.
func (d database) withDirectory(ctx context.Context, f func(*account.Directory) error) error {
	return d.withDB(ctx, func(db *sqlite.DB) error { return f(account.NewDirectory(db, nil)) })
}

// withDB lends a database to f. It works beside a running server.
func (d database) withDB(ctx context.Context, f func(*sqlite.DB) error) (err error) {
	db, err := sqlite.Open(ctx, d.DB)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return f(db)
}

// mustExist is for commands that look into a database: on a misspelt name they
// should say so instead of making an empty one.
func (d database) mustExist() error {
	if _, err := os.Stat(d.DB); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database %s; name the server's with --db, or make one with \"callbook serve\" or \"callbook account create\"", d.DB)
	}
	return nil
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
