package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"callbook/internal/dbcopy"
	"callbook/internal/store"
)

// OpenStores opens a database for a server. If migrate is set, it brings the schema up to
// date; otherwise it refuses an old schema. It refuses a database with an unfinished
// copy. It prevents copies until the Set is closed; the error wraps [ErrCopied] if one is
// under way. Log is that of [Options].
func OpenStores(ctx context.Context, url string, migrate bool, log *slog.Logger) (*store.Set, error) {
	db, err := Open(ctx, url, Options{Migrate: migrate, Serve: true, Log: log})
	if err != nil {
		return nil, err
	}
	if err := dbcopy.CheckFinished(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", Redact(url), err), db.Close())
	}
	return &store.Set{
		Accounts: db, Sessions: db, Contacts: db, Trash: db, Uploads: db, Files: db.Files(), Receipts: db, Audit: db, Summary: db, Usage: db,
		Campaigns: db, Dialing: db.Dialing(), Suppressions: db, Flows: db, Prompts: db, Recordings: db, Trunks: db, Dialogs: db, Shares: db, Persons: db, Events: db.Events(),
		Pool: db.poolUse, Ping: db.Ping, Close: db.Close,
	}, nil
}

// poolUse returns the use of the connections.
func (db *DB) poolUse() store.PoolUse {
	s := db.pool.Stat()
	return store.PoolUse{
		Used: int64(s.AcquiredConns()), Idle: int64(s.IdleConns()), Opening: int64(s.ConstructingConns()), Most: int64(s.MaxConns()),
		Acquired: s.AcquireCount(), Waits: s.EmptyAcquireCount(), Waited: s.EmptyAcquireWaitTime(),
	}
}
