package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/upload"
	"callbook/internal/verify"
)

// ErrOpen means that another program has the database open.
var ErrOpen = errors.New("another program has it open; end that one")

// Owned is a database file that this process owns, as a server does. It must be freed.
type Owned struct {
	file   *dbFile
	lock   *ownership
	conn   *sqlite.Conn // locks out all writers; nil before Retire
	closed bool
}

// Own takes the ownership of the database in a file, as a server does, but without a
// check of its log. It creates an empty file if there is none. The error wraps [ErrInUse]
// if a server owns the database.
func Own(ctx context.Context, path string) (*Owned, error) {
	file, err := openAnyFile(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	lock, err := (&DB{name: path, path: file.path, file: file}).own()
	if err != nil {
		return nil, errors.Join(err, file.release())
	}
	return &Owned{file: file, lock: lock}, nil
}

// Close closes the file, so that it can be renamed on every system: Windows refuses that
// while it is open. Servers are still locked out, by the lock file beside it, but no
// longer other writers. Closing it again does nothing.
func (o *Owned) Close() (err error) {
	if o.closed {
		return nil
	}
	o.closed = true
	if o.conn != nil {
		err = o.conn.Close()
	}
	return errors.Join(err, o.file.release())
}

// Free closes the file and gives up the ownership.
func (o *Owned) Free() error {
	err := errors.Join(o.Close(), o.lock.Unlock())
	if o.file.created && isEmpty(o.file.path) { // Close has removed the file, which was not used
		err = errors.Join(err, o.lock.removeLockFiles())
	}
	return err
}

// removeLockFiles removes the files that [ownership.takeLockFiles] created. Windows
// refuses that before they are unlocked.
func (o *ownership) removeLockFiles() (err error) {
	for _, lock := range o.lockFiles {
		if removeErr := os.Remove(lock.Path()); !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}
	return err
}

// Retire prepares the file for being replaced: it checkpoints and removes the log, and
// locks out all writers until Close is called. Damaged means that the file is too damaged
// for that, and that its log, if any, is still beside it. The error is [ErrOpen] if
// another program has the database open.
func (o *Owned) Retire() (damaged bool, err error) {
	path := o.file.path
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return false, nil
	}
	if err == nil {
		err = checkLog(path, info.Size())
	}
	if errors.Is(err, ErrForeignLog) || errors.Is(err, ErrDamagedLog) {
		return true, nil // applying the log would damage the file
	}
	if err != nil {
		return false, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return false, err
	}
	conn.SetBusyTimeout(busyTimeout)
	if err = retire(conn); err == nil {
		o.conn = conn
		return false, nil
	}
	err = errors.Join(err, conn.Close())
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return true, nil
	case sqlite.ResultBusy, sqlite.ResultLocked:
		err = ErrOpen
	}
	return false, fmt.Errorf("database %s: %w", path, err)
}

func retire(conn *sqlite.Conn) error {
	// SQLite leaves WAL mode only if this is the only connection. Otherwise it returns
	// the old mode.
	var mode string
	err := queryOne(conn, `PRAGMA journal_mode = DELETE`, nil, func(stmt *sqlite.Stmt) error {
		mode = stmt.ColumnText(0)
		return nil
	})
	if err == nil && mode != "delete" {
		err = ErrOpen
	}
	if err == nil {
		err = sqlitex.Execute(conn, `BEGIN EXCLUSIVE`, nil)
	}
	return err
}

// Unpack turns a backup back into a plain database: it stores the packed files of uploads
// in files, and removes the additional tables. It returns the number of files. It syncs
// the database file.
func Unpack(ctx context.Context, path string, files upload.Files) (unpacked int, err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetInterrupt(ctx.Done())
	if err := setPragmas(conn, "synchronous = FULL", "journal_mode = DELETE"); err != nil {
		return 0, err
	}
	objects, err := schemaObjects(conn)
	if err != nil {
		return 0, err
	}
	if _, packed := objects["backup_files"]; !packed {
		return 0, nil
	}
	all, err := packedFiles(conn)
	if err != nil {
		return 0, err
	}
	for _, f := range all {
		if err := unpackFile(ctx, conn, f, files); err != nil {
			return 0, fmt.Errorf("restore the file of upload %s: %w", f.sid, err)
		}
	}
	err = sqlitex.ExecuteScript(conn, `DROP TABLE backup_chunks; DROP TABLE backup_files`, nil)
	return len(all), err
}

// TellRestored writes the entries of the context's [audit.Note] into the audit log of a
// plain database that no one uses, if it has one. It syncs the file.
func TellRestored(ctx context.Context, path string) (err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := setPragmas(conn, "synchronous = FULL", "journal_mode = DELETE"); err != nil {
		return err
	}
	objects, err := schemaObjects(conn)
	if _, has := objects["audit"]; err != nil || !has {
		return err
	}
	return writeEntries(conn, audit.NoteOf(ctx).Entries())
}

// Packed reports whether a file was written by [Backup]. The error is
// [verify.ErrDamaged] if the file cannot be read. It is another one if the file belongs
// to another program or a newer callbook.
func Packed(ctx context.Context, path string) (packed bool, err error) {
	err = snapshot(ctx, path, func(conn *sqlite.Conn) error {
		objects, err := schemaObjects(conn)
		_, packed = objects["backup_files"]
		return damaged(err)
	})
	return packed, err
}

// packedFile is the file of an upload within a backup.
type packedFile struct {
	sid     addressbook.SID
	account account.ID
	size    int64
	sum     []byte
}

func packedFiles(conn *sqlite.Conn) (all []packedFile, err error) {
	err = sqlitex.Execute(conn, `SELECT upload_sid, account_id, size, sha256 FROM backup_files`, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			f := packedFile{account: account.ID(stmt.ColumnInt64(1)), size: stmt.ColumnInt64(2)}
			stmt.ColumnBytes(0, f.sid[:])
			_, f.sum = column(stmt, 3, nil)
			all = append(all, f)
			return nil
		},
	})
	return all, damaged(err)
}

// unpackFile stores a packed file, unless the same file exists already.
func unpackFile(ctx context.Context, conn *sqlite.Conn, f packedFile, files upload.Files) error {
	present, err := files.Open(ctx, f.account, f.sid)
	if err == nil {
		sum, err := sumOf(io.NewSectionReader(present, 0, f.size+1))
		if err := errors.Join(err, present.Close()); err != nil {
			return err
		}
		if bytes.Equal(sum, f.sum) {
			return nil
		}
		if err := files.Remove(ctx, f.account, f.sid); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return files.Write(ctx, f.account, f.sid, newPackedReader(conn, f))
}

func sumOf(r io.Reader) ([]byte, error) {
	h := sha256.New()
	_, err := io.Copy(h, r)
	return h.Sum(nil), err
}

// packedReader reads a packed file piece by piece, and compares its size and checksum
// at the end.
type packedReader struct {
	conn *sqlite.Conn
	file packedFile
	last int64  // the id of the last piece
	left []byte // what Read has not returned of that piece
	size int64
	sum  interface {
		io.Writer
		Sum([]byte) []byte
	}
}

func newPackedReader(conn *sqlite.Conn, f packedFile) *packedReader {
	return &packedReader{conn: conn, file: f, sum: sha256.New()}
}

func (r *packedReader) Read(p []byte) (int, error) {
	if len(r.left) == 0 {
		err := queryOne(r.conn, `SELECT id, data FROM backup_chunks WHERE upload_sid = ? AND id > ? ORDER BY id LIMIT 1`,
			[]any{r.file.sid[:], r.last}, func(stmt *sqlite.Stmt) error {
				r.last = stmt.ColumnInt64(0)
				_, r.left = column(stmt, 1, nil)
				return nil
			})
		if errors.Is(err, errNoRow) {
			if r.size != r.file.size || !bytes.Equal(r.sum.Sum(nil), r.file.sum) {
				return 0, fmt.Errorf("%w: the file is not what was backed up", verify.ErrDamaged)
			}
			return 0, io.EOF
		}
		if err != nil {
			return 0, damaged(err)
		}
		r.size += int64(len(r.left))
		r.sum.Write(r.left)
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// packedSizes adds the sizes of a backup's packed files to into. It reads the files,
// and sets the size to -1 if one does not match its checksum.
func packedSizes(conn *sqlite.Conn, objects map[string]string, into map[addressbook.SID]int64) error {
	if _, packed := objects["backup_files"]; !packed {
		return nil
	}
	all, err := packedFiles(conn)
	for _, f := range all {
		if err != nil {
			return err
		}
		into[f.sid] = f.size
		_, err = io.Copy(io.Discard, newPackedReader(conn, f))
		if errors.Is(err, verify.ErrDamaged) {
			into[f.sid], err = -1, nil
		}
	}
	return err
}
