package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// AddressBook gives access to the contacts in a database file. Only one process at a time
// can open it, because an index in that process's memory keeps numbers unique.
type AddressBook struct {
	db     *DB
	lock   *ownership
	conn   *sqlite.Conn
	writer *writer
	second *secondReaders
	watch  *watch
	scans  scanLimits
	// beforeBatch is called before each batch of a scan, by both of its readers. Only
	// tests set it.
	beforeBatch func()
	// beforeScan is called when a scan has got its connection. Only tests set it.
	beforeScan func(account account.ID)
	// Only the writer's goroutine uses indexes, apart from their method peek.
	indexes *indexCache
}

var _ addressbook.Store = (*AddressBook)(nil)

// ErrInUse means that another process has opened the address book.
var ErrInUse = errors.New("another callbook server is using it, and only one can; stop that one, or take another file")

// Options configure an [AddressBook]. The zero value is the default.
type Options struct {
	// Log receives errors that no caller is told; nil means slog.Default().
	Log *slog.Logger
	// IndexBytes bounds the memory of the number indexes of all accounts. Beyond it, the
	// least recently used ones are evicted. The account that is being written keeps its
	// index, whatever its size. Zero means 1 GiB, which is 32 to 51 million contacts.
	IndexBytes int
	// IndexSize, if not nil, is called with the size of the indexes when that has changed
	// by 1 MiB or more. It must not block.
	IndexSize func(bytes int)
	// Committed is called after each commit of the writer, with how many jobs shared it,
	// and Checkpointed after each checkpoint, both with the time that it took. They must
	// not block, and may be nil.
	Committed    func(jobs int, took time.Duration)
	Checkpointed func(took time.Duration)

	scans scanLimits // set only by tests
}

const defaultIndexBytes = 1 << 30

// OpenAddressBook opens the contacts of the database for this process. The error wraps
// [ErrInUse] if another process has them open. The caller must close the address book
// before the database.
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
	// No job can be queued yet.
	writer.committed, writer.gone = indexes.settle, indexes.drop
	writer.onCommit, writer.onCheckpoint = opts.Committed, opts.Checkpointed
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
		// The writer checkpoints between transactions. SQLite's own checkpoint, within a
		// commit, is only for when that has failed. The writer only writes for accounts
		// that exist, so foreign keys need not be checked.
		err = setPragmas(conn, "wal_autocheckpoint = 4096", "cache_size = -4096", "foreign_keys = OFF")
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// Close ends the writer after its current transaction, and lets another process open the
// address book.
func (b *AddressBook) Close() error {
	b.writer.close()
	b.watch.stop()
	err := b.watch.check()
	if err == nil && b.watch.short {
		err = b.watch.check() // the check of the next tick would come too late
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

// moveLog checkpoints the log into the file. SQLite does that when the last connection
// closes, but not if that connection was interrupted after its last statement, as a query
// is whose caller gives up. Then the log would stay, and whoever moved the file without
// it would lose data.
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

// lastSID returns the sid that a query finds, or the zero sid for NULL.
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
