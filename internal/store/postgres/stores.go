package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"callbook/internal/dbcopy"
	"callbook/internal/store"
)

// OpenStores opens a database for a server. With migrate it brings the schema up
// to date; without, it refuses an old one. It refuses a database with an
// unfinished copy, and keeps copies away until the Set is closed: the error wraps
// [ErrCopied] when one is at work. The log is as in [Options].
func OpenStores(ctx context.Context, url string, migrate bool, log *slog.Logger) (*store.Set, error) {
	db, err := Open(ctx, url, Options{Migrate: migrate, Serve: true, Log: log})
	if err != nil {
		return nil, err
	}
	if err := dbcopy.CheckFinished(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", Redact(url), err), db.Close())
	}
	return &store.Set{
		Accounts: db, Sessions: db, Contacts: db, Trash: db, Uploads: db, Files: db.Files(), Receipts: db, Summary: db, Usage: db,
		Campaigns: db, Dialing: db.Dialing(), Suppressions: db, Events: db.Events(),
		Ping: db.Ping, Close: db.Close,
	}, nil
}
