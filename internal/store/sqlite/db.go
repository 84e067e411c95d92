// Package sqlite is the embedded store: one SQLite file, which one server writes.
//
// [Open] opens the accounts and keys. Any number of processes may use them at the same
// time. [DB.OpenAddressBook] opens the contacts. Only one process at a time can have them
// open.
package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/audit"
	"callbook/internal/trace"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// appID marks a database file as callbook's ("Cbok").
	appID = 0x43626f6b
	// pageBytes is the page size of a new database. Bulk inserts are fastest with twice
	// SQLite's default.
	pageBytes = 8192
	// busyTimeout is how long a process waits for another one's transaction. A server's
	// transactions take milliseconds.
	busyTimeout = 10 * time.Second
)

// DB is an open database file. It implements the stores of accounts, keys and sessions,
// which other processes may use at the same time.
type DB struct {
	name string // as it was given
	path string // absolute, without symbolic links
	file *dbFile
	pools
	// turn is locked during each writing transaction of this process. It is a channel
	// because a channel serves waiters in the order of arrival. SQLite's busy handler
	// polls, and could miss every gap between the writer's transactions.
	turn  chan struct{}
	spent atomic.Bool // whether the disk was full and the reserve was freed
}

// Open opens the database file and brings its schema up to date. It creates a missing
// file, which only the user can read.
//
// The error wraps [ErrOtherName], [ErrForeignLog] or [ErrDamagedLog] if opening the file
// would damage it.
func Open(ctx context.Context, path string) (*DB, error) {
	file, err := openFile(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	db := &DB{name: path, path: file.path, file: file, turn: make(chan struct{}, 1), pools: pools{health: &health{}}}
	if err := db.onFullDisk(func() error { return db.open(ctx) }); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), file.release())
	}
	return db, nil
}

func (db *DB) open(ctx context.Context) (err error) {
	if err := migrate(ctx, db.path); err != nil {
		return err
	}
	db.pools, err = openPools(db.path, db.health)
	return err
}

// Path returns the file's absolute path without symbolic links. Files beside the database
// are named after it.
func (db *DB) Path() string { return db.path }

// Close closes the database. The address book must be closed before.
func (db *DB) Close() error {
	if db.health.isLost() {
		abandon(db)
		return nil
	}
	err := db.pools.close()
	if db.spent.Load() {
		db.file.fillReserve()
	}
	return errors.Join(err, db.file.release())
}

// Ping returns an error if the database does not answer, or if damage of its file was
// found since it was opened.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.health.trouble(); err != nil {
		return err
	}
	return db.read(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT 1 FROM accounts LIMIT 1`, nil)
	})
}

// prepareConn sets the settings that hold for one connection only.
func prepareConn(conn *sqlite.Conn) error {
	conn.SetBusyTimeout(busyTimeout)
	if err := registerFunctions(conn); err != nil {
		return err
	}
	return setPragmas(conn, "foreign_keys = ON", "synchronous = FULL", "cache_size = -4096")
}

func setPragmas(conn *sqlite.Conn, pragmas ...string) error {
	for _, pragma := range pragmas {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+pragma, nil); err != nil {
			return fmt.Errorf("set %s: %w", pragma, err)
		}
	}
	return nil
}

// migrate runs the pending migrations, each in one transaction.
func migrate(ctx context.Context, path string) (err error) {
	defer func() { err = damagedError(err) }()
	schema, err := loadSchema()
	if err != nil {
		return err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetBusyTimeout(busyTimeout)
	// Check first, because the file may belong to another program.
	version, err := checkOwner(conn, len(schema.Migrations))
	if err != nil {
		return err
	}
	if err := refuseBackup(conn); err != nil {
		return err
	}
	if err := prepareFile(ctx, conn); err != nil {
		return err
	}
	if version == len(schema.Migrations) {
		return nil // do not begin a transaction that could write
	}
	return sqlitemigration.Migrate(ctx, conn, schema)
}

// prepareFile sets the settings that are stored in the file.
func prepareFile(ctx context.Context, conn *sqlite.Conn) error {
	// The page size can be set only while the file is empty, and before the journal mode.
	if err := setPragmas(conn, fmt.Sprintf("page_size = %d", pageBytes), "synchronous = FULL"); err != nil {
		return err
	}
	// Changing the journal mode needs a lock, for which SQLite does not wait. Several
	// processes may create a file at once.
	ctx, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		err := setPragmas(conn, "journal_mode = WAL")
		if sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return err
		}
	}
}

// checkOwner refuses a file of another program or of a newer callbook. It returns the
// version of the schema.
func checkOwner(conn *sqlite.Conn, newest int) (version int, err error) {
	// A transaction reads one snapshot: another process may be creating the file.
	defer sqlitex.Transaction(conn)(&err)
	var owner, tables int
	for _, read := range []struct {
		query string
		into  *int
	}{
		{"PRAGMA application_id", &owner},
		{"PRAGMA user_version", &version},
		{"SELECT count(*) FROM sqlite_schema", &tables},
	} {
		err := queryOne(conn, read.query, nil, func(stmt *sqlite.Stmt) error {
			*read.into = stmt.ColumnInt(0)
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	switch {
	case owner != appID && (owner != 0 || tables > 0):
		return 0, errors.New("it is another program's database; name a file of callbook's, or one that is not there yet")
	case version > newest:
		return 0, fmt.Errorf("it was written by a newer callbook (schema %d, this one knows %d); use that one", version, newest)
	}
	return version, nil
}

// loadSchema reads the embedded migrations, in the order of their names.
func loadSchema() (sqlitemigration.Schema, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return sqlitemigration.Schema{}, err
	}
	schema := sqlitemigration.Schema{AppID: appID}
	for _, file := range files {
		text, err := migrations.ReadFile(file)
		if err != nil {
			return sqlitemigration.Schema{}, err
		}
		schema.Migrations = append(schema.Migrations, string(text))
	}
	return schema, nil
}

// read lends f a connection of the pool for accounts, keys and sessions.
func (db *DB) read(ctx context.Context, f func(*sqlite.Conn) error) error {
	return lend(ctx, db.health, db.control, f)
}

// write runs f in a transaction of its own, and writes the entries of the context's note
// into the audit log.
func (db *DB) write(ctx context.Context, f func(*sqlite.Conn) error) (err error) {
	ctx, span := trace.Write(ctx, trace.SQLite, "write")
	defer func() { span.End(err) }()
	select {
	case db.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-db.turn }()
	err = lend(ctx, db.health, db.writes, func(conn *sqlite.Conn) (err error) {
		end, err := sqlitex.ImmediateTransaction(conn)
		if err != nil {
			return err
		}
		defer end(&err)
		note := audit.NoteOf(ctx)
		note.Reset()
		if err := f(conn); err != nil {
			return err
		}
		if err := writeEntries(conn, note.Entries()); err != nil {
			return err
		}
		return stampLog(conn)
	})
	if err == nil {
		err = db.health.glance()
	}
	return err
}

// errNoRow is the error of queryOne for a query without a row.
var errNoRow = errors.New("no row")

// queryOne scans the single row of a query.
func queryOne(conn *sqlite.Conn, query string, args []any, scan func(*sqlite.Stmt) error) error {
	found := false
	err := sqlitex.Execute(conn, query, &sqlitex.ExecOptions{
		Args: args,
		ResultFunc: func(stmt *sqlite.Stmt) error {
			found = true
			return scan(stmt)
		},
	})
	if err == nil && !found {
		return errNoRow
	}
	return err
}
