// Package postgres is the store for more than one machine: a PostgreSQL
// database, shared by any number of servers.
//
// # The order of locks
//
// Transactions read committed rows and lock what they are about to change. They
// take their locks in one order, so that they may wait for each other and do not
// deadlock: numbers as they are inserted, in the order of the numbers; then
// contacts, then lists, each in the order of their sids; then members; and at
// last the account's counter. A change of a contact's number is the exception.
// It can deadlock. PostgreSQL then aborts one of the transactions, which is
// retried.
//
// What else a transaction locks:
//
//   - The batch of an import locks its upload (FOR NO KEY UPDATE) after the list
//     and the contacts that have its numbers, and before it inserts any. Those that
//     claim, renew or delete uploads lock nothing else but the error rows, and pass
//     over uploads that others have locked when they claim or delete.
//   - A receipt is written last. It locks an expired receipt of its key, then a
//     row of receipt_totals, then itself. The advisory lock of its key comes first
//     of all, and is tried and not waited for. The deletion of old receipts passes
//     over those that others have locked, and then locks rows of receipt_totals in
//     the order of their accounts.
//   - A new session locks its account's row (FOR NO KEY UPDATE), which does not
//     conflict with the foreign keys of other tables, and then sessions. Keys whose
//     use is noted are locked in the order of their ids.
//   - Who adds or changes a campaign locks the account's row in the same way, and
//     then the campaign. A transaction of dialing locks the account's row of
//     dialing, then its campaigns in the order of their sids, and then writes
//     targets, calls, events and event_totals. Nobody writes targets or calls, or
//     adds events, without the lock of their campaign. Of contacts, members and
//     suppressions it locks none.
//   - Suppressions are locked in the order of their numbers, as they are added and
//     removed.
package postgres

import (
	"cmp"
	"context"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/journal"
	"callbook/internal/session"
	"callbook/internal/suppression"
	"callbook/internal/upload"
)

// DB is an open database. It implements all stores of a server.
type DB struct {
	pool        *pgxpool.Pool
	minCopyRows int
	shares      shares
	guesses     guesses
	log         *slog.Logger
	useLock     *useLock // nil for commands that run beside servers
}

var (
	_ account.Store     = (*DB)(nil)
	_ addressbook.Store = (*DB)(nil)
	_ journal.Store     = (*DB)(nil)
	_ upload.Store      = (*DB)(nil)
	_ session.Store     = (*DB)(nil)
	_ campaign.Store    = (*DB)(nil)
	_ suppression.Store = (*DB)(nil)
)

// Options configure a [DB]. The zero value is the default.
type Options struct {
	// Migrate brings the schema up to date. Otherwise Open fails if the schema is old.
	Migrate bool
	// Serve prevents copies into or out of the database until it is closed. The error
	// wraps [ErrCopied] if one is under way.
	Serve bool
	// Log receives the progress of long migrations; nil means slog.Default().
	Log *slog.Logger

	// alone, if not "", is the application name of the connections. Open then fails if
	// another callbook process is connected.
	alone string
}

// Open opens a database. The URL may have the settings of libpq and the pool_ settings of
// pgxpool. If it names several hosts, the one that accepts writes is used, unless
// target_session_attrs says otherwise. Errors never contain a password.
func Open(ctx context.Context, url string, opts Options) (*DB, error) {
	config, err := poolConfig(url)
	if err != nil {
		return nil, err
	}
	if opts.alone != "" {
		config.ConnConfig.RuntimeParams["application_name"] = opts.alone
	}
	if err := suitPooler(ctx, config.ConnConfig, url); err != nil {
		return nil, openError(url, config.ConnConfig, err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, openError(url, config.ConnConfig, err)
	}
	db := &DB{pool: pool, shares: newShares(int(config.MaxConns)), minCopyRows: minCopyRows, log: cmp.Or(opts.Log, slog.Default())}
	switch {
	case opts.Serve:
		err = db.lockUse(ctx, sharedLock)
	case opts.alone != "":
		if err = db.lockUse(ctx, exclusiveLock); err == nil {
			err = db.awaitAlone(ctx, opts.alone)
		}
	}
	switch {
	case err != nil:
	case opts.Migrate:
		err = db.migrate(ctx)
	default:
		err = db.checkSchema(ctx)
	}
	if err != nil {
		_ = db.Close() // returns no error
		return nil, openError(url, config.ConnConfig, err)
	}
	return db, nil
}

// Close waits for running transactions and closes the database.
func (db *DB) Close() error {
	db.pool.Close()
	db.useLock.release()
	return nil
}

// cancelPatience is how long a connection may take to cancel an abandoned query, before
// it is closed.
const cancelPatience = 2 * time.Second

// applicationName is the application name of the servers' connections.
const applicationName = "callbook"

func poolConfig(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errBadURL
	}
	if !strings.Contains(url, "pool_max_conns=") {
		config.MaxConns = int32(max(8, 4*runtime.GOMAXPROCS(0))) + 1 // see shares
	}
	surviveFailover(config, url)
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = applicationName
	}
	// When a caller gives up a query, cancel it in the database and keep the connection.
	config.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: cancelPatience}
	}
	config.ConnConfig.OnNotice = noteWarning
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		registerColumns(conn.TypeMap())
		return nil
	}
	return config, nil
}
