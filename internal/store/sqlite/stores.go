package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	"callbook/internal/dbcopy"
	"callbook/internal/store"
	"callbook/internal/upload"
)

// OpenStores opens the database file at path for a server. No other process can open its
// contacts meanwhile. It refuses a database with an unfinished copy. opts.Log must not be
// nil.
func OpenStores(ctx context.Context, path string, opts Options) (*store.Set, error) {
	info, statErr := os.Stat(path)
	db, err := Open(ctx, path)
	if err != nil {
		return nil, err
	}
	if statErr == nil && info.Size() == 0 {
		opts.Log.Warn("the file was there and empty; a new database was made in it")
	}
	book, err := db.OpenAddressBook(opts)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	closeAll := func() error { return errors.Join(book.Close(), db.Close()) }
	if err := dbcopy.CheckFinished(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", path, err), closeAll())
	}
	if err := AdoptUploads(path); err != nil {
		return nil, errors.Join(err, closeAll())
	}
	return &store.Set{
		Accounts: db, Sessions: db, Contacts: book, Trash: book, Uploads: book, Files: upload.NewDisk(UploadsFolder(path)), Receipts: book,
		Audit: db, Summary: db, Usage: db, Campaigns: book.Campaigns(), Dialing: book.Campaigns(), Suppressions: book, Flows: book, Prompts: book, Recordings: book.Campaigns(), Trunks: db, Dialogs: book, Persons: book,
		Events: book.Events(), Sizes: db.fileSizes, Ping: db.Ping, Close: closeAll,
	}, nil
}

// fileSizes returns the sizes of the database's files. A log that does not exist is empty.
func (db *DB) fileSizes() (sizes store.FileSizes, err error) {
	info, err := os.Stat(db.path)
	if err != nil {
		return sizes, err
	}
	sizes.Database = info.Size()
	if info, err := os.Stat(db.path + "-wal"); err == nil {
		sizes.WAL = info.Size()
	}
	return sizes, nil
}
