package sqlite

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/upload"
)

// backupSchema defines the additional tables of a backup, which hold the files of
// running uploads and of drafts.
const backupSchema = `
	CREATE TABLE backup_files (
		upload_sid BLOB    NOT NULL PRIMARY KEY,
		account_id INTEGER NOT NULL,
		size       INTEGER NOT NULL, -- in bytes
		sha256     BLOB    NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE backup_chunks (
		id         INTEGER PRIMARY KEY, -- rises with the place in the file
		upload_sid BLOB    NOT NULL,
		data       BLOB    NOT NULL
	) STRICT;
	CREATE INDEX backup_chunks_by_upload ON backup_chunks (upload_sid, id);`

const (
	// backupPages is how many pages are copied in one step. The context is checked
	// between steps.
	backupPages = 512
	// backupChunk is the size of a piece of a file, in bytes.
	backupChunk = 256 << 10
	// backupAttempts bounds the retries after an upload of the snapshot has ended
	// before its file was opened.
	backupAttempts = 20
)

// errUploadEnded makes a backup retry with a new snapshot.
var errUploadEnded = errors.New("an upload ended meanwhile")

// errBackup means that a file was written by [Backup]. Using it as a database would
// change it and invalidate its checksum.
var errBackup = errors.New(`it is a backup; put it in place with "callbook restore"`)

// refuseBackup returns errBackup if the file has the tables of a backup, which
// [Unpack] removes.
func refuseBackup(conn *sqlite.Conn) error {
	objects, err := schemaObjects(conn)
	if err != nil {
		return err
	}
	if _, packed := objects["backup_files"]; packed {
		return errBackup
	}
	return nil
}

// BackupOptions are the callbacks of [Backup]. Each may be nil.
type BackupOptions struct {
	// Begun is called with the size of the backup in bytes, before anything is
	// written. Its error ends the backup.
	Begun func(bytes int64) error
	// Progress is called as pages are copied.
	Progress func(done, total int64)
}

// Backup copies one snapshot of a database file, and the files of the uploads that run or
// wait in it, into an empty file. A server may use the database meanwhile. Its commits do
// not wait, but its log grows by what it writes. Backup does not sync the file. It
// returns how many files of uploads it has copied, and the uploads whose file was
// missing.
func Backup(ctx context.Context, from string, files upload.Files, to string, opts BackupOptions) (copied int, missing []addressbook.SID, err error) {
	for attempt := 1; ; attempt++ {
		copied, missing, err = backupOnce(ctx, from, files, to, opts, attempt == backupAttempts)
		if !errors.Is(err, errUploadEnded) {
			return copied, missing, err
		}
	}
}

func backupOnce(ctx context.Context, from string, files upload.Files, to string, opts BackupOptions, last bool) (copied int, missing []addressbook.SID, err error) {
	err = snapshot(ctx, from, func(conn *sqlite.Conn) (err error) {
		if err := refuseBackup(conn); err != nil {
			return err
		}
		w := uploadFiles{files: files, path: from, last: last}
		defer func() { err = errors.Join(err, w.close()) }()
		// An open file can be read even after it is removed.
		if err := w.open(ctx, conn); err != nil {
			return err
		}
		if opts.Begun != nil {
			bytes, err := pageSpace(conn)
			if err == nil {
				err = opts.Begun(bytes + w.bytes)
			}
			if err != nil {
				return err
			}
		}
		if err := copyPages(ctx, conn, to, opts.Progress); err != nil {
			return err
		}
		copied, missing = len(w.all), w.missing
		return w.pack(ctx, to)
	})
	return copied, missing, err
}

// pageSpace returns the size of a database's pages in bytes.
func pageSpace(conn *sqlite.Conn) (bytes int64, err error) {
	err = queryOne(conn, `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`, nil, func(stmt *sqlite.Stmt) error {
		bytes = stmt.ColumnInt64(0)
		return nil
	})
	return bytes, damaged(err)
}

// copyPages copies the pages of a snapshot. SQLite's backup restarts when the source
// changes, which cannot happen within the source's read transaction.
func copyPages(ctx context.Context, source *sqlite.Conn, to string, progress func(done, total int64)) (err error) {
	target, err := sqlite.OpenConn(to, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	// No one uses the file until it is complete.
	if err := setPragmas(target, "journal_mode = OFF", "synchronous = OFF"); err != nil {
		return err
	}
	b, err := sqlite.NewBackup(target, "main", source, "main")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		more, err := b.Step(backupPages)
		if err != nil {
			return damaged(err)
		}
		if progress != nil {
			progress(int64(b.PageCount()-b.Remaining()), int64(b.PageCount()))
		}
		if !more {
			return nil
		}
	}
}

// uploadFiles are the files of the uploads of a snapshot that need them.
type uploadFiles struct {
	files   upload.Files
	path    string
	last    bool // this is the last attempt: ended uploads count as missing
	all     []uploadFile
	missing []addressbook.SID
	bytes   int64
}

type uploadFile struct {
	account account.ID
	sid     addressbook.SID
	content upload.Content
}

// open opens the files. The error is errUploadEnded if the backup has to be retried
// with a new snapshot.
func (w *uploadFiles) open(ctx context.Context, conn *sqlite.Conn) error {
	objects, err := schemaObjects(conn)
	if err != nil {
		return damaged(err)
	}
	v := &view{conn: conn, path: w.path, objects: objects}
	query := `SELECT account_id, sid, 0 AS size FROM uploads WHERE state = 0`
	if v.Has("upload_drafts") {
		query = `SELECT account_id, sid, size FROM uploads WHERE state = 0 UNION ALL SELECT account_id, sid, size FROM upload_drafts`
	}
	if !v.Has("uploads") {
		return nil
	}
	var needed []uploadFile
	err = v.each(query, nil, func(stmt *sqlite.Stmt) error {
		f := uploadFile{account: account.ID(stmt.ColumnInt64(0))}
		stmt.ColumnBytes(1, f.sid[:])
		needed = append(needed, f)
		w.bytes += stmt.ColumnInt64(2)
		return nil
	})
	for _, f := range needed {
		if err != nil {
			return err
		}
		if f.content, err = w.files.Open(ctx, f.account, f.sid); err == nil {
			w.all = append(w.all, f)
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		var ended bool
		if ended, err = v.Ended(ctx, f.account, f.sid); err == nil && ended && !w.last {
			return errUploadEnded
		}
		w.missing = append(w.missing, f.sid)
	}
	return err
}

func (w *uploadFiles) close() (err error) {
	for _, f := range w.all {
		err = errors.Join(err, f.content.Close())
	}
	return err
}

// pack inserts the files into the copy, and leaves it without a log.
func (w *uploadFiles) pack(ctx context.Context, to string) (err error) {
	conn, err := sqlite.OpenConn(to, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := setPragmas(conn, "synchronous = OFF", "journal_mode = DELETE", "journal_mode = OFF"); err != nil {
		return err
	}
	if err := sqlitex.ExecuteScript(conn, backupSchema, nil); err != nil {
		return err
	}
	// A new stamp keeps the source's log from being applied to the copy.
	objects, err := schemaObjects(conn)
	if err != nil {
		return err
	}
	if _, stamped := objects["log_stamp"]; stamped {
		if err := stampBackup(conn); err != nil {
			return err
		}
	}
	for _, f := range w.all {
		if err := packFile(ctx, conn, f); err != nil {
			return fmt.Errorf("copy the file of upload %s: %w", f.sid, err)
		}
	}
	return nil
}

func packFile(ctx context.Context, conn *sqlite.Conn, f uploadFile) (err error) {
	defer sqlitex.Transaction(conn)(&err)
	h := sha256.New()
	size := int64(0)
	piece := make([]byte, backupChunk)
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := f.content.ReadAt(piece, size)
		if err != nil && err != io.EOF {
			return err
		}
		if n == 0 {
			break
		}
		size += int64(n)
		h.Write(piece[:n])
		err = sqlitex.Execute(conn, `INSERT INTO backup_chunks (upload_sid, data) VALUES (?, ?)`,
			&sqlitex.ExecOptions{Args: []any{f.sid[:], piece[:n]}})
		if err != nil {
			return err
		}
	}
	return sqlitex.Execute(conn, `INSERT INTO backup_files (upload_sid, account_id, size, sha256) VALUES (?, ?, ?, ?)`,
		&sqlitex.ExecOptions{Args: []any{f.sid[:], f.account, size, h.Sum(nil)}})
}
