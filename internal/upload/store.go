package upload

import (
	"context"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/work"
)

// Store is what an [Importer] needs of a database. All of it is safe for
// concurrent use. The account is always the account's own id; no method ever
// touches another's rows, but those about the uploads of all: FilesInUse,
// UploadLeases, DeleteUploads and PendingFiles. A write that takes ready calls it
// before it is committed, and stores its receipt in the same transaction, as
// [addressbook.Store] says.
type Store interface {
	BatchStore
	PendingStore
	RetentionStore

	// UploadLeases returns the leases of the running uploads of all accounts.
	UploadLeases() work.LeaseStore

	// AddUpload adds an upload, with its lease, for the list with list's name.
	// When there is none, it adds that list, in the same transaction; for a dry
	// run it notes NewList instead. Ready is given the list; when one of another
	// type is there, it is not called, and the error is an Invalid fault.
	AddUpload(ctx context.Context, u Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error

	// EndUpload puts a running upload into this state; one that has ended stays
	// as it is. Ready is given the upload; when there is none, it is not called,
	// and the error is a NotFound fault.
	EndUpload(ctx context.Context, account int64, sid addressbook.SID, s State, now time.Time, ready journal.Ready[Upload]) error

	// Upload returns one upload, or a NotFound fault.
	Upload(ctx context.Context, account int64, sid addressbook.SID) (Upload, error)

	// Uploads returns a page of the account's uploads, and the total at that
	// same moment. The window sorts by creation.
	Uploads(ctx context.Context, account int64, w addressbook.Window) (Page, error)

	// FilesInUse returns the sids of the running uploads and the pending files of
	// all accounts.
	FilesInUse(ctx context.Context) ([]addressbook.SID, error)

	// ErrorRows returns an upload's error rows, by line, those after this line
	// and at most limit.
	ErrorRows(ctx context.Context, account int64, sid addressbook.SID, after int64, limit int) ([]ErrorRow, error)
}
