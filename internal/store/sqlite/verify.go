package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"syscall"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/addressbook"
	"callbook/internal/verify"
)

// UploadFiles returns the sizes of the files of uploads, by sid.
type UploadFiles func() (map[addressbook.SID]int64, error)

// Verifier gives checks access to a database file of any schema version. It changes
// nothing, and may be used beside a running server.
type Verifier struct {
	path  string
	files UploadFiles
}

var _ verify.Store = (*Verifier)(nil)

// NewVerifier returns a Verifier of an existing database file. Files returns the files
// of uploads beside it.
func NewVerifier(path string, files UploadFiles) *Verifier {
	return &Verifier{path: path, files: files}
}

// View implements [verify.Store].
func (x *Verifier) View(ctx context.Context, f func(verify.View) error) error {
	// A file is stored before its row, and may be removed once the snapshot has begun.
	// Listing the files before and after that moment finds those of all its uploads.
	files, err := x.files()
	if err != nil {
		return err
	}
	return snapshot(ctx, x.path, func(conn *sqlite.Conn) error {
		later, err := x.files()
		if err != nil {
			return err
		}
		maps.Copy(files, later)
		v := &view{conn: conn, path: x.path, files: files}
		if v.objects, err = schemaObjects(conn); err != nil {
			return damaged(err)
		}
		if len(v.objects) == 0 {
			return fmt.Errorf("%w: the file is empty", verify.ErrDamaged)
		}
		if err := packedSizes(conn, v.objects, files); err != nil {
			return err
		}
		return f(v)
	})
}

// snapshotCache bounds the memory of a connection that reads everything, in KiB. SQLite
// sorts larger results in temporary files.
const snapshotCache = 16 << 10

// snapshot calls f within a read transaction on an existing database file of callbook.
// The error is [verify.ErrDamaged] if the file cannot be read.
func snapshot(ctx context.Context, path string, f func(*sqlite.Conn) error) (err error) {
	defer func() {
		if err != nil && ctx.Err() != nil {
			// SQLite's own error says only that it was interrupted.
			err = errors.Join(context.Cause(ctx), err)
		}
	}()
	schema, err := loadSchema()
	if err != nil {
		return err
	}
	free, err := guard(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, free()) }()
	conn, err := openSnapshot(ctx, path, len(schema.Migrations), sqlite.OpenReadOnly)
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultReadOnly {
		// A process that was killed within a transaction left its rollback journal.
		// A connection that may not write cannot roll it back.
		conn, err = openSnapshot(ctx, path, len(schema.Migrations), sqlite.OpenReadWrite)
	}
	if err != nil {
		return damaged(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = setPragmas(conn, "query_only = ON", fmt.Sprintf("cache_size = -%d", snapshotCache), "temp_store = FILE")
	if err != nil {
		return damaged(err)
	}
	// The transaction gets its snapshot at its first read, and ends with the
	// connection.
	if err := sqlitex.Execute(conn, `BEGIN`, nil); err != nil {
		return damaged(err)
	}
	if err := sqlitex.Execute(conn, `SELECT count(*) FROM sqlite_schema`, nil); err != nil {
		return damaged(err)
	}
	return f(conn)
}

// openSnapshot opens a database of callbook for reading.
func openSnapshot(ctx context.Context, path string, migrations int, flag sqlite.OpenFlags) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, flag)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(busyTimeout)
	conn.SetInterrupt(ctx.Done())
	if _, err := checkOwner(conn, migrations); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// guard opens an existing file with openFile, which fails if the log belongs to another
// file. It makes no check if the file is read-only.
func guard(ctx context.Context, path string) (free func() error, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	file, err := openFile(ctx, path)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return file.release, nil
}

// damaged adds [verify.ErrDamaged] to an error that means a corrupt file. It returns
// other errors, and nil, unchanged.
func damaged(err error) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultNotADB:
		return fmt.Errorf("%w, or the file never was one: name another file, or restore a backup (%w)", verify.ErrDamaged, err)
	case sqlite.ResultCorrupt:
		return fmt.Errorf("%w: %w", verify.ErrDamaged, err)
	case sqlite.ResultReadOnly, sqlite.ResultCantOpen:
		return fmt.Errorf("this user may not write to the file or make files beside it, which SQLite has to do even to read: run it as the user who owns the database (%w)", err)
	}
	return err
}

// schemaObjects returns the CREATE statements of all tables and indexes, by name.
func schemaObjects(conn *sqlite.Conn) (map[string]string, error) {
	all := make(map[string]string)
	err := sqlitex.Execute(conn, `SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`,
		&sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			all[stmt.ColumnText(0)] = stmt.ColumnText(1)
			return nil
		}})
	return all, err
}
