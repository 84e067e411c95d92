package dbcopy

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/upload"
)

// copyFiles copies the files of running uploads and of drafts, so that a server on
// the target can finish them. They are few and small compared with the rows, so a
// resumed copy copies all of them again.
func (c *copier) copyFiles(ctx context.Context) error {
	for _, a := range c.accounts {
		var withFiles []addressbook.SID
		for _, t := range []*Table{Uploads, Drafts} {
			err := c.source.Store.Read(ctx, a.ID, t, nil, func(row Row) error {
				if sid, ok := fileOf(t, row); ok {
					withFiles = append(withFiles, sid)
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("read %s of account %s: %w", t.Name, a.SID, err)
			}
		}
		for _, sid := range withFiles {
			if err := c.copyFile(ctx, a.ID, c.ids[a.SID], sid); err != nil {
				return fmt.Errorf("copy the file of upload %s of account %s: %w", sid, a.SID, err)
			}
		}
	}
	return nil
}

// fileOf returns the sid of an upload or draft that has a file.
func fileOf(t *Table, row Row) (sid addressbook.SID, ok bool) {
	switch t {
	case Uploads:
		ok = upload.State(row[uploadState].Int) == upload.Running
	case Drafts:
		ok = true
	}
	if ok {
		copy(sid[:], row[uploadSID].Bytes)
	}
	return sid, ok
}

func (c *copier) copyFile(ctx context.Context, from, to account.ID, upload addressbook.SID) (err error) {
	if err := c.target.Files.Remove(ctx, to, upload); err != nil {
		return err
	}
	content, err := c.source.Files.Open(ctx, from, upload)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the server reports the missing file on the target as on the source
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	return c.target.Files.Write(ctx, to, upload, wholeOf(content))
}

func wholeOf(content upload.Content) io.Reader {
	return io.NewSectionReader(content, 0, math.MaxInt64)
}

// addFile adds the content of a file to a checksum; one that is not there adds
// nothing.
func addFile(ctx context.Context, h hash.Hash, files upload.Files, account account.ID, upload addressbook.SID) (there bool, err error) {
	content, err := files.Open(ctx, account, upload)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	sum := sha256.New()
	if _, err := io.Copy(sum, wholeOf(content)); err != nil {
		return false, err
	}
	h.Write(upload[:])
	h.Write(sum.Sum(nil))
	return true, nil
}
