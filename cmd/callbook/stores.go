package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/importer"
	"callbook/internal/postgres"
	"callbook/internal/sqlite"
	"callbook/internal/store"
)

// open opens the database with the engine that its name asks for.
func (c *serveCmd) open(ctx context.Context, log *slog.Logger) (*store.Set, error) {
	if postgres.IsURL(c.DB) {
		return postgres.OpenStores(ctx, c.DB, c.Migrate)
	}
	return sqlite.OpenStores(ctx, c.DB, sqlite.Options{Log: log, IndexBytes: c.IndexMemory * mib, IndexSize: c.indexSize})
}

// started is a database that is open, with what is begun on it.
type started struct {
	*store.Set
	book    *addressbook.Book
	imports *importer.Importer
}

// start opens the database and finds what is to be gone on with.
func (c *serveCmd) start(ctx context.Context, log *slog.Logger) (*started, error) {
	db, err := c.open(ctx, log)
	if err != nil {
		return nil, err
	}
	book := addressbook.New(db.Contacts, addressbook.Options{StrictNumbers: c.StrictNumbers})
	if err := book.Resume(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	imports, err := importer.Open(ctx, db.Uploads, db.Files, book, importer.Options{Log: log, Retention: time.Duration(c.KeepUploads)})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &started{Set: db, book: book, imports: imports}, nil
}
