package upload

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// File is a file that came in and is not an upload yet. It must be given to
// [Importer.Start], or discarded.
type File struct {
	importer *Importer
	account  account.Account
	sid      addressbook.SID
	born     time.Time // the time within the sid
	size     int64
	name     string
	done     bool // started or discarded
}

var errTooLarge = fault.New(fault.TooLarge, fmt.Sprintf("Maximum allowed size of a file is %d bytes", MaxFileBytes))

// Receive stores what it reads, up to [MaxFileBytes], as a file. After an error
// nothing is left of it.
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

// Name sets what the file was called where it came from, as far as it is text.
func (f *File) Name(name string) {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "")
	f.name = strings.ToValidUTF8(name[:min(len(name), maxFileName)], "")
}

// FileName is what the file was called where it came from; "" when nobody said.
func (f *File) FileName() string { return f.name }

// limited is a reader that fails once more than left bytes have come.
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

// Discard removes the file, unless it became an upload. It may be called more
// than once, and on nil.
func (f *File) Discard() {
	if f == nil || f.done {
		return
	}
	f.done = true
	f.importer.remove(f.account.ID, f.sid)
	f.importer.pool.FreeSlot(f.account.ID)
}

// removeTimeout bounds the removal of a file. Neither the end of the request nor
// that of the server cancels it.
const removeTimeout = 10 * time.Second

// remove removes a file; what stays is removed at the next start.
func (i *Importer) remove(account account.ID, sid addressbook.SID) {
	ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
	defer cancel()
	if err := i.files.Remove(ctx, account, sid); err != nil {
		i.opts.Log.Error("the file of an upload could not be removed; the next start will try again", "error", err)
	}
}

// leave frees the file's slot and does not remove the file, since the store has, or
// may have, an upload or a pending file of it. An upload is worked when its lease
// has run out. When there is neither, the next start of a server removes the file.
func (f *File) leave() {
	f.done = true
	f.importer.pool.FreeSlot(f.account.ID)
}
