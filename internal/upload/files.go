package upload

import (
	"context"
	"io"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// Files stores the files of uploads until their rows are added. Its methods are safe for
// concurrent use. An error that may pass, such as that of a database that does not
// answer, must not be an Invalid fault.
type Files interface {
	// Write reads from and stores the content as the file of an upload. After it has
	// returned nil, the file survives a crash of the machine. Only then is the upload
	// added to the [Store], so each upload with a row has its file. After an error, which
	// may be that of from, RemoveOthers removes what is left.
	Write(ctx context.Context, account account.ID, sid addressbook.SID, from io.Reader) error

	// Open opens the file of an upload. All reads stop when ctx ends. If there is no such
	// file, the error wraps fs.ErrNotExist.
	Open(ctx context.Context, account account.ID, sid addressbook.SID) (Content, error)

	// Remove removes the file of an upload, if it exists.
	Remove(ctx context.Context, account account.ID, sid addressbook.SID) error

	// RemoveOthers removes the files that no upload needs: those of uploads that have
	// ended or were never added. InUse is what [Store.FilesInUse] has just returned. If
	// several servers store files in one place, it keeps files that another server is
	// receiving.
	RemoveOthers(ctx context.Context, inUse []addressbook.SID) error
}

// Content is an open file.
type Content interface {
	io.ReaderAt
	io.Closer
	// Size returns the current size of the file in bytes.
	Size() (int64, error)
}
