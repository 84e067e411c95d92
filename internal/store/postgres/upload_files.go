package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/upload"
)

// Files are the files of uploads. The database stores them in chunks, so that each
// server can resume any upload.
type Files struct{ db *DB }

var _ upload.Files = Files{}

// Files returns the files of uploads.
func (db *DB) Files() Files { return Files{db: db} }

const (
	// chunkBytes is the size of a chunk, and the memory that each file takes while
	// it is received.
	chunkBytes = 256 << 10
	// orphanAge exceeds the time that it takes to receive any file. A file that is
	// older and has no upload is orphaned.
	orphanAge = "1 day"
)

// Write implements [upload.Files]. Each piece is a transaction of its own: none
// waits for the network.
func (f Files) Write(ctx context.Context, account account.ID, upload addressbook.SID, from io.Reader) error {
	err := f.write(ctx, account, upload, from)
	if err == nil {
		return nil
	}
	removing, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitLimit)
	defer cancel()
	return errors.Join(err, f.Remove(removing, account, upload))
}

func (f Files) write(ctx context.Context, account account.ID, upload addressbook.SID, from io.Reader) error {
	const operation = "write an upload"
	sid := (*sidValue)(&upload)
	err := f.db.execute(ctx, of(account), operation, `INSERT INTO upload_files (account_id, upload_sid) VALUES ($1, $2)`, account, sid)
	if err != nil {
		return err
	}
	size := int64(0)
	piece := make([]byte, chunkBytes)
	for chunk := 0; ; chunk++ {
		n, err := io.ReadFull(from, piece)
		if n > 0 {
			size += int64(n)
			writeErr := f.db.execute(ctx, of(account), operation, `INSERT INTO upload_chunks (account_id, upload_sid, chunk, data) VALUES ($1, $2, $3, $4)`,
				account, sid, chunk, piece[:n])
			if writeErr != nil {
				return writeErr
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return err
		}
	}
	return f.db.execute(ctx, of(account), operation, `UPDATE upload_files SET size = $3 WHERE account_id = $1 AND upload_sid = $2`, account, sid, size)
}

// Open implements [upload.Files].
func (f Files) Open(ctx context.Context, account account.ID, upload addressbook.SID) (upload.Content, error) {
	var size int64
	err := f.db.row(ctx, of(account), `SELECT size FROM upload_files WHERE account_id = $1 AND upload_sid = $2 AND size IS NOT NULL`,
		[]any{account, (*sidValue)(&upload)}, []any{&size})
	if noRow(err) {
		return nil, fmt.Errorf("the file of upload %s: %w", upload, fs.ErrNotExist)
	}
	if err != nil {
		return nil, storeError("open an upload", err)
	}
	return &content{ctx: ctx, db: f.db, account: account, upload: upload, size: size, chunk: -1}, nil
}

// content reads a file chunk by chunk, and caches the last one.
type content struct {
	ctx     context.Context
	db      *DB
	account account.ID
	upload  addressbook.SID
	size    int64

	mu    sync.Mutex
	chunk int64 // the number of the chunk in data; -1 if there is none
	data  []byte
}

// ReadAt implements [io.ReaderAt].
func (c *content) ReadAt(p []byte, off int64) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n < len(p) {
		if off >= c.size {
			return n, io.EOF
		}
		if err := c.load(off / chunkBytes); err != nil {
			return n, err
		}
		got := copy(p[n:], c.data[off%chunkBytes:])
		n += got
		off += int64(got)
	}
	return n, nil
}

func (c *content) load(chunk int64) error {
	if c.chunk == chunk {
		return nil
	}
	c.chunk = -1
	err := c.db.row(c.ctx, of(c.account), `SELECT data FROM upload_chunks WHERE account_id = $1 AND upload_sid = $2 AND chunk = $3`,
		[]any{c.account, (*sidValue)(&c.upload), chunk}, []any{&c.data})
	if noRow(err) {
		return fmt.Errorf("the file of upload %s: %w", c.upload, fs.ErrNotExist)
	}
	if err != nil {
		return storeError("read an upload", err)
	}
	if want := min(chunkBytes, c.size-chunk*chunkBytes); int64(len(c.data)) != want {
		return fmt.Errorf("piece %d of upload %s has %d bytes, want %d", chunk, c.upload, len(c.data), want)
	}
	c.chunk = chunk
	return nil
}

// Size implements [upload.Content]: of all pieces, whatever the row of the file
// says.
func (c *content) Size() (size int64, err error) {
	err = c.db.row(c.ctx, of(c.account), `SELECT coalesce(sum(octet_length(data)), 0)::bigint FROM upload_chunks WHERE account_id = $1 AND upload_sid = $2`,
		[]any{c.account, (*sidValue)(&c.upload)}, []any{&size})
	return size, storeError("read the size of an upload", err)
}

// Close implements [io.Closer].
func (c *content) Close() error { return nil }

// Remove implements [upload.Files].
func (f Files) Remove(ctx context.Context, account account.ID, upload addressbook.SID) error {
	return f.db.write(ctx, account, "remove an upload's file", func(t *tx) error {
		for _, table := range []string{"upload_chunks", "upload_files"} {
			t.queue(`DELETE FROM `+table+` WHERE account_id = $1 AND upload_sid = $2`, account, (*sidValue)(&upload))
		}
		return nil
	})
}

// RemoveOthers implements [upload.Files]. Which uploads run or wait to be
// started, the database knows itself.
func (f Files) RemoveOthers(ctx context.Context, _ []addressbook.SID) error {
	type file struct {
		Account account.ID
		Upload  sidValue
	}
	others, err := collect(ctx, f.db, purpose{}, "find files of no upload", func(row pgx.CollectableRow) (o file, err error) {
		err = row.Scan(&o.Account, &o.Upload)
		return o, err
	}, `SELECT upload_files.account_id, upload_files.upload_sid FROM upload_files
		LEFT JOIN uploads ON uploads.account_id = upload_files.account_id AND uploads.sid = upload_files.upload_sid
		WHERE NOT EXISTS (SELECT 1 FROM upload_drafts AS d WHERE d.account_id = upload_files.account_id AND d.sid = upload_files.upload_sid)
			AND (uploads.state <> 0 OR uploads.state IS NULL AND upload_files.kept_at < now() - interval '`+orphanAge+`')`)
	for _, o := range others {
		if err == nil {
			err = f.Remove(ctx, o.Account, addressbook.SID(o.Upload))
		}
	}
	return err
}
