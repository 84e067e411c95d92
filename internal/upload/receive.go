package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// File is a received file that is not an upload yet. The caller must pass it to
// [Importer.Start] or discard it.
type File struct {
	importer *Importer
	account  account.Account
	sid      addressbook.SID
	born     time.Time // the date in the sid
	size     int64
	name     string
	done     bool // started or discarded
}

var errTooLarge = fault.New(fault.TooLarge, fmt.Sprintf("Maximum allowed size of a file is %d bytes", MaxFileBytes))

// Receive stores the content of from, up to [MaxFileBytes], as a file. After an error it
// leaves nothing behind.
func (i *Importer) Receive(ctx context.Context, acct account.Account, from io.Reader) (*File, error) {
	if err := i.pool.TakeSlot(acct.ID); err != nil {
		return nil, err
	}
	sid, born := i.book.Birth()
	file := &limited{Reader: from, left: MaxFileBytes}
	if err := i.files.Write(ctx, acct.ID, sid, file); err != nil {
		i.pool.FreeSlot(acct.ID)
		return nil, err
	}
	return &File{importer: i, account: acct, sid: sid, born: born, size: MaxFileBytes - file.left}, nil
}

// maxFileName is how many bytes of a file's name are stored.
const maxFileName = 255

// Name sets the name of the file at its sender. It drops invalid UTF-8.
func (f *File) Name(name string) {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "")
	f.name = strings.ToValidUTF8(name[:min(len(name), maxFileName)], "")
}

// FileName returns the name of the file at its sender, or "" if that is unknown.
func (f *File) FileName() string { return f.name }

// limited is a reader that fails after left bytes.
type limited struct {
	io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// Discard removes the file, unless it has become an upload. It may be called more than
// once, and on nil.
func (f *File) Discard() {
	if f == nil || f.done {
		return
	}
	f.done = true
	f.importer.remove(f.account.ID, f.sid)
	f.importer.pool.FreeSlot(f.account.ID)
}

// removeTimeout bounds the time to remove a file. The end of the request or of the server
// does not cancel the removal.
const removeTimeout = 10 * time.Second

// remove removes a file. If that fails, the next start removes it. The files of an account
// that is being deleted go with it.
func (i *Importer) remove(id account.ID, sid addressbook.SID) {
	ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
	defer cancel()
	if err := i.files.Remove(ctx, id, sid); err != nil && !errors.Is(err, account.ErrDeleted) {
		i.opts.Log.Error("the file of an upload could not be removed; the next start will try again", "error", err)
	}
}

// leave frees the file's slot without removing the file, because the store has, or may
// have, an upload or a pending file for it. If it has an upload, a server claims that
// when its lease has run out. If it has neither, the next start of a server removes the
// file.
func (f *File) leave() {
	f.done = true
	f.importer.pool.FreeSlot(f.account.ID)
}
