package upload

import (
	"context"
	"io"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// Files stores the files of uploads until their rows are worked. All of it is
// safe for concurrent use. The account is always the account's own id. What
// fails for now only, as a database that is away, is no Invalid fault.
type Files interface {
	// Write stores what it reads as the file of an upload. Once it has returned
	// nil, the file survives a crash of the machine: only then is the upload
	// added to the [Store], so that what has a row has a file. After an error,
	// which may be that of from, nothing is left but what RemoveOthers removes.
	Write(ctx context.Context, account account.ID, sid addressbook.SID, from io.Reader) error

	// Open opens the file of an upload; ctx is for all that is read of it. An
	// error that is fs.ErrNotExist tells that there is none.
	Open(ctx context.Context, account account.ID, sid addressbook.SID) (Content, error)

	// Remove removes the file of an upload, if it is there.
	Remove(ctx context.Context, account account.ID, sid addressbook.SID) error

	// RemoveOthers removes what servers that are gone have left: the files of
	// uploads that have ended or were never added. InUse is what
	// [Store.FilesInUse] returned a moment ago. Where several servers store files
	// in one place, the file of an upload that another is just taking stays.
	RemoveOthers(ctx context.Context, inUse []addressbook.SID) error
}

// Content is what can be read of a file.
type Content interface {
	io.ReaderAt
	io.Closer
	// Size returns how many bytes the file has now.
	Size() (int64, error)
}
