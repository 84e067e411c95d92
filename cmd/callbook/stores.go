package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/importer"
	"callbook/internal/journal"
	"callbook/internal/postgres"
	"callbook/internal/session"
	"callbook/internal/sqlite"
	"callbook/internal/summary"
	"callbook/internal/transfer"
	"callbook/internal/usage"
)

// stores are a database as the server uses it.
type stores struct {
	accounts account.Store
	sessions session.Store
	contacts addressbook.Store
	uploads  importer.Store
	receipts journal.Store
	files    importer.Files
	facts    summary.Store
	usage    usage.Store
	ping     func(context.Context) error
	close    func() error
}

// open opens the database with the engine that its name asks for.
func (c *serveCmd) open(ctx context.Context, log *slog.Logger) (*stores, error) {
	if postgres.IsURL(c.DB) {
		db, err := postgres.Open(ctx, c.DB, postgres.Options{Migrate: c.Migrate, Serve: true})
		if err != nil {
			return nil, err
		}
		if err := c.checkFinished(ctx, db); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		return &stores{
			accounts: db, sessions: db, contacts: db, uploads: db, receipts: db, files: db.Files(), facts: db, usage: db,
			ping: db.Ping, close: db.Close,
		}, nil
	}
	empty := c.empty()
	db, err := sqlite.Open(ctx, c.DB)
	if err != nil {
		return nil, err
	}
	if empty {
		log.Warn("the file was there and empty; a new database was made in it")
	}
	book, err := db.OpenAddressBook(sqlite.Options{Log: log, IndexBytes: c.IndexMemory * mib, IndexSize: c.indexSize})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	err = c.checkFinished(ctx, db)
	if err == nil {
		err = sqlite.AdoptUploads(c.DB)
	}
	if err != nil {
		return nil, errors.Join(err, book.Close(), db.Close())
	}
	return &stores{
		accounts: db, sessions: db, contacts: book, uploads: book, receipts: book, files: importer.NewDisk(sqlite.UploadsFolder(c.DB)),
		facts: db, usage: db,
		ping:  db.Ping,
		close: func() error { return errors.Join(book.Close(), db.Close()) },
	}, nil
}

// started is a database that is open, with what is begun on it.
type started struct {
	*stores
	book    *addressbook.Book
	imports *importer.Importer
}

// start opens the database and finds what is to be gone on with.
func (c *serveCmd) start(ctx context.Context, log *slog.Logger) (*started, error) {
	db, err := c.open(ctx, log)
	if err != nil {
		return nil, err
	}
	book := addressbook.New(db.contacts, addressbook.Options{StrictNumbers: c.StrictNumbers})
	if err := book.Resume(ctx); err != nil {
		return nil, errors.Join(err, db.close())
	}
	imports, err := importer.Open(ctx, db.uploads, db.files, book, importer.Options{Log: log, Retention: time.Duration(c.KeepUploads)})
	if err != nil {
		return nil, errors.Join(err, db.close())
	}
	return &started{stores: db, book: book, imports: imports}, nil
}

// checkFinished refuses a database that is not whole yet.
func (c *serveCmd) checkFinished(ctx context.Context, db interface {
	LastCopy(ctx context.Context) (transfer.State, bool, error)
},
) error {
	if err := transfer.CheckFinished(ctx, db); err != nil {
		return fmt.Errorf("database %s: %w", c.name(), err)
	}
	return nil
}
