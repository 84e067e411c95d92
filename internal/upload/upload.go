package upload

import (
	"context"
	"slices"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/upload/table"
	"callbook/internal/work"
)

// Upload is a received file and the progress of its import.
type Upload struct {
	SID     addressbook.SID
	Account account.Account
	List    addressbook.SID
	// ListName is the name that the list had when the upload was added.
	ListName string
	Type     addressbook.ListType
	// OnDuplicate tells what to do with rows whose contact exists.
	OnDuplicate addressbook.OnDuplicate
	// DryRun means that the import reads every row but changes no contact and no list.
	// NewList means that the dry run's list does not exist, and List is the sid that it
	// would have. The dry run does not check whether it is created later.
	DryRun, NewList bool
	// Suppresses means that the numbers become suppressions instead of contacts. Such an
	// upload has no list and is not a dry run.
	Suppresses bool
	// FileName is the name of the file at its sender, or "" if unknown. Size is its size
	// in bytes, or 0 for uploads of old versions.
	FileName string
	Size     int64
	// Mapping tells what the columns are for, as far as the header does not.
	Mapping table.Mapping
	// Plan tells how to read the file. Uploads of old versions have none; see
	// [table.OldPlan].
	Plan table.Plan
	// Tally counts properties of the processed rows.
	Tally Tally
	// Undo is the progress of undoing it.
	Undo Undo
	// Header is the header of the error rows, as CSV without a line end.
	Header []byte
	State  State
	Lease  work.Lease // the server that imports it; meaningless after the end
	// Position is the beginning of the next batch.
	Position table.Position
	Stats    Stats
	Errors   ErrorTotal
	// New counts the rows of Stats.Success whose contact is new, or in a dry run would be
	// new.
	New     int
	Created time.Time // the date in the sid
	Started time.Time // when the upload was queued
	Updated time.Time // the date of the last batch
}

// State is the state of an upload: running, or how it has ended.
type State uint8

// The states of an upload.
const (
	Running     State = iota // some rows were not processed yet
	Completed                // all rows were processed
	Cancelled                // somebody ended it
	ListGone                 // its list was deleted
	FileGone                 // its file is missing or unreadable
	FileChanged              // its file has a different size than the received one
)

var stateNames = [...]string{"running", "completed", "cancelled", "list gone", "file gone", "file changed"}

// String returns the name of the state in the log.
func (s State) String() string { return stateNames[s] }

// Stats counts the processed rows by result.
type Stats struct {
	Success, Duplicate, Failed int
}

// Total returns the number of processed rows.
func (s Stats) Total() int { return s.Success + s.Duplicate + s.Failed }

// ErrorTotal counts the error rows of an upload.
type ErrorTotal struct {
	Bytes   int64 // of the kept reasons and records
	Omitted int   // error rows that are not kept
}

// ErrorsKept returns how many error rows are stored.
func (u *Upload) ErrorsKept() int { return u.Stats.Duplicate + u.Stats.Failed - u.Errors.Omitted }

// Query asks for a page of an account's uploads, in the order of creation.
type Query struct {
	addressbook.Window
	Kind     Kind
	Contacts bool // leaves out uploads of suppressions
}

// Kind selects imports, dry runs, or both.
type Kind uint8

// The kinds of uploads.
const (
	AnyKind Kind = iota
	Imports      // all but dry runs
	DryRuns
)

// Has reports whether an upload is of the kind.
func (k Kind) Has(u *Upload) bool { return k == AnyKind || u.DryRun == (k == DryRuns) }

// Page is a page of an account's uploads.
type Page struct {
	Uploads []Upload
	Total   int                   // of all pages
	Next    *addressbook.Position // the beginning of the next page; nil on the last
}

// ErrorRow is a row that failed or is a duplicate.
type ErrorRow struct {
	Line int64 // the line in the file where the row begins
	// Kind is Missing, Invalid or Duplicate. Reason is a sentence for people.
	Kind   fault.Kind
	Reason string
	// Record is the row as CSV without a line end. Upload.Header is its header.
	Record []byte
}

// errorCodes are the stored numbers for the kinds of error rows. Databases contain them,
// so they must never change.
var errorCodes = [...]fault.Kind{1: fault.Missing, 2: fault.Invalid, 3: fault.Duplicate}

// Code returns the stored number for the row's kind.
func (r *ErrorRow) Code() int { return max(0, slices.Index(errorCodes[:], r.Kind)) }

// KindOf returns the kind for a stored number, or zero if there is none.
func KindOf(code int) fault.Kind {
	if code < 0 || code >= len(errorCodes) {
		return 0
	}
	return errorCodes[code]
}

// ErrNoUpload is the fault of a sid that no upload of the account has.
var ErrNoUpload = fault.New(fault.NotFound, "There is no upload with this id")

// Store is what an [Importer] needs of a database. Its methods are safe for concurrent
// use. A method with an account must touch no other account's rows. A write with a ready
// function calls it before the commit, and stores its receipt in the same transaction, as
// [addressbook.Store] says.
type Store interface {
	BatchStore
	PendingStore
	UndoStore
	RetentionStore

	// UploadLeases returns the leases of all accounts' running uploads.
	UploadLeases() work.LeaseStore

	// AddUpload adds an upload, with its lease, into the list with list's name. If there
	// is no such list, it adds list in the same transaction; in a dry run it sets NewList
	// instead. If the upload's List is not zero, it must exist, or the error is a
	// NotFound fault. AddUpload calls ready with the list. If the existing list has
	// another type, it does not call ready, and the error is an Invalid fault.
	AddUpload(ctx context.Context, u Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error

	// EndUpload sets the final state of a running upload. It does not change an upload
	// that has ended. It calls ready with the upload. If there is none, it does not call
	// ready, and the error is a NotFound fault.
	EndUpload(ctx context.Context, account account.ID, sid addressbook.SID, s State, now time.Time, ready journal.Ready[Upload]) error

	// LastUploadTo returns the newest upload into this list that is no dry run, or a
	// NotFound fault.
	LastUploadTo(ctx context.Context, account account.ID, list addressbook.SID) (Upload, error)

	// Upload returns one upload, or a NotFound fault.
	Upload(ctx context.Context, account account.ID, sid addressbook.SID) (Upload, error)

	// Uploads returns a page of the account's uploads and the total, both of one
	// snapshot.
	Uploads(ctx context.Context, account account.ID, q Query) (Page, error)

	// EachFileName calls each with the sid and file name of the account's uploads, newest
	// first, until it returns false.
	EachFileName(ctx context.Context, account account.ID, each func(sid addressbook.SID, fileName string) bool) error

	// FilesInUse returns the sids of all accounts' running uploads and pending files.
	FilesInUse(ctx context.Context) ([]addressbook.SID, error)

	// ErrorRows returns up to limit of an upload's error rows after this line, ordered by
	// line.
	ErrorRows(ctx context.Context, account account.ID, sid addressbook.SID, after int64, limit int) ([]ErrorRow, error)
}
