package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// AddressBook is the contacts in a database file. One process at a time has
// it: the uniqueness of a number rests on an index in that process's memory.
type AddressBook struct {
	db     *DB
	lock   *ownership
	conn   *sqlite.Conn
	writer *writer
	second *secondReaders
	watch  *watch
	scans  scanLimits
	// beforeBatch is called before an end of a scan takes rows, by both ends at
	// once. Only tests set it.
	beforeBatch func()
	// beforeScan is called when an account's scan has its connection. Only tests
	// set it.
	beforeScan func(account account.ID)
	// indexes belongs to the writer's goroutine.
	indexes *indexCache
}

var _ addressbook.Store = (*AddressBook)(nil)

// ErrInUse means that another process has the address book.
var ErrInUse = errors.New("another callbook server is using it, and only one can; stop that one, or take another file")

// Options change how an [AddressBook] works. The zero value is the default.
type Options struct {
	// Log gets what no caller is told; nil means slog.Default().
	Log *slog.Logger
	// IndexBytes is how much memory the number indexes of all accounts may
	// take before the least recently used ones are let go. The account that is
	// being written always has its own, whatever its size. Zero means 1 GiB,
	// which is 32 to 51 million contacts.
	IndexBytes int
	// IndexSize, when not nil, is told how many bytes the indexes take when that
	// has changed by a MiB or more. It must not wait.
	IndexSize func(bytes int)

	scans scanLimits // the usual ones, but in tests
}

const defaultIndexBytes = 1 << 30

// OpenAddressBook takes the contacts of the database for this process. The
// error wraps [ErrInUse] when another one has them. The address book must be
// closed before the database.
func (db *DB) OpenAddressBook(opts Options) (*AddressBook, error) {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.IndexBytes == 0 {
		opts.IndexBytes = defaultIndexBytes
	}
	if opts.scans == (scanLimits{}) {
		opts.scans = usualScans()
	}
	lock, err := db.own()
	if err != nil {
		return nil, err
	}
	conn, err := openWriter(db.path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", db.path, err), lock.Unlock())
	}
	if err := db.onFullDisk(func() error { return freeLeases(conn) }); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", db.path, err), conn.Close(), lock.Unlock())
	}
	second, err := openSecondReaders(db.path, opts.scans.second)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", db.path, err), conn.Close(), lock.Unlock())
	}
	db.health.log.Store(opts.Log)
	watch, err := startWatch(db.health, db.file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", db.path, err), second.close(), conn.Close(), lock.Unlock())
	}
	writer := newWriter(conn, db, opts.Log)
	indexes := newIndexCache(opts.IndexBytes, opts.Log, &writer.added)
	indexes.report = opts.IndexSize
	writer.committed = indexes.settle // no job is queued before this
	db.file.fillReserve()
	return &AddressBook{
		db:      db,
		lock:    lock,
		conn:    conn,
		writer:  writer,
		second:  second,
		watch:   watch,
		scans:   opts.scans,
		indexes: indexes,
	}, nil
}

// openWriter opens the connection that writes contacts.
func openWriter(path string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	err = prepareConn(conn)
	if err == nil {
		// The writer checkpoints by itself, between transactions. SQLite's own
		// checkpoint, within a commit, is left for when that did not succeed.
		// It writes for accounts that are known to be there, so it does not look
		// each of them up again.
		err = setPragmas(conn, "wal_autocheckpoint = 4096", "cache_size = -4096", "foreign_keys = OFF")
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// Close ends the writer after the transaction it is in and gives the contacts
// free for another process.
func (b *AddressBook) Close() error {
	b.writer.close()
	b.watch.stop()
	err := b.watch.check()
	if err == nil && b.watch.short {
		err = b.watch.check() // the next tick, which would tell, does not come
	}
	if err != nil {
		b.db.health.lose(err)
	}
	if b.db.health.isLost() {
		b.saveRenamed()
		abandon(b)
		return errors.Join(b.watch.close(), b.lock.Unlock())
	}
	return errors.Join(b.moveLog(), b.watch.close(), b.second.close(), b.conn.Close(), b.lock.Unlock())
}

// moveLog moves what was committed from the log into the file. SQLite does so when the
// last connection closes, but not when that one was interrupted after its last
// statement, as happens to a query that ends while its caller gives up. Then the log
// stays beside the file, and somebody who moves the file alone loses what is in it.
func (b *AddressBook) moveLog() error {
	b.conn.SetInterrupt(nil)
	if err := sqlitex.ExecuteTransient(b.conn, "PRAGMA wal_checkpoint(PASSIVE)", nil); err != nil {
		return fmt.Errorf("move the log into the file: %w", err)
	}
	return nil
}

// Contact implements [addressbook.Store].
func (b *AddressBook) Contact(ctx context.Context, account account.ID, sid addressbook.SID) (addressbook.Contact, error) {
	var c addressbook.Contact
	err := b.db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		c, err = readContact(conn, account, sid)
		return err
	})
	if errors.Is(err, errNoRow) {
		return addressbook.Contact{}, addressbook.ErrNoContact
	}
	return c, storeError("read contact", err)
}

// LastSID implements [addressbook.Store].
func (b *AddressBook) LastSID(ctx context.Context) (sid addressbook.SID, err error) {
	// Each max is the end of an index.
	const query = `SELECT max(max(
			coalesce((SELECT max(sid) FROM contacts WHERE account_id = accounts.id), x''),
			coalesce((SELECT max(sid) FROM lists WHERE account_id = accounts.id), x''),
			coalesce((SELECT max(sid) FROM trashed_contacts WHERE account_id = accounts.id), x''),
			coalesce((SELECT max(sid) FROM trashed_lists WHERE account_id = accounts.id), x''),
			coalesce((SELECT max(sid) FROM uploads WHERE account_id = accounts.id), x''),
			coalesce((SELECT max(sid) FROM upload_drafts WHERE account_id = accounts.id), x'')))
		FROM accounts`
	return b.db.lastSID(ctx, query)
}

// lastSID returns the sid that a query finds; zeros when it finds NULL.
func (db *DB) lastSID(ctx context.Context, query string) (sid addressbook.SID, err error) {
	err = db.read(ctx, func(conn *sqlite.Conn) error {
		return queryOne(conn, query, nil, func(stmt *sqlite.Stmt) error {
			stmt.ColumnBytes(0, sid[:])
			return nil
		})
	})
	return sid, storeError("read the last sid", err)
}

// countContacts reads the account's counter.
func countContacts(conn *sqlite.Conn, account account.ID) (n int, err error) {
	err = queryOne(conn, `SELECT contacts FROM contact_counts WHERE account_id = ?`, []any{account},
		func(stmt *sqlite.Stmt) error {
			n = stmt.ColumnInt(0)
			return nil
		})
	return n, err
}
