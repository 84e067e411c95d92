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

// Upload is a file that came in, and how far it has been worked.
type Upload struct {
	SID     addressbook.SID
	Account account.Account
	List    addressbook.SID
	// ListName is what the list was called when the upload came.
	ListName string
	Type     addressbook.ListType
	// OnDuplicate tells what happens to rows whose contact is there already.
	OnDuplicate addressbook.OnDuplicate
	// DryRun works every row and adds or changes no contact and no list. With
	// NewList, the list was not there when the upload came, and List is the sid
	// that it would have; whether one of that name comes later is not asked.
	DryRun, NewList bool
	// FileName is what the file was called where it came from; "" when nobody
	// said. Size is its size in bytes; 0 when that was not kept yet.
	FileName string
	Size     int64
	// Mapping tells what the columns are for, where the header does not.
	Mapping table.Mapping
	// Plan is how the file is read. Those of uploads that are older than plans
	// have none; see [table.OldPlan].
	Plan table.Plan
	// Tally is what was counted of the rows that were worked.
	Tally Tally
	// Undo is how far it is undone.
	Undo Undo
	// Header is the header of the file's error rows, as CSV without its end of
	// line.
	Header []byte
	State  State
	Lease  work.Lease // who works it; of an upload that has ended it means nothing
	// Position is where the next batch begins.
	Position table.Position
	Stats    Stats
	Errors   ErrorTotal
	// New is how many rows of Stats.Success brought, or in a dry run would have
	// brought, a new contact into the address book.
	New     int
	Created time.Time // the time within the sid
	Started time.Time // when its rows were first to be worked
	Updated time.Time // when the last batch was done
}

// State tells whether an upload is still being worked, and how it ended.
type State uint8

// The states of an upload.
const (
	Running     State = iota // rows are left
	Completed                // every row was worked
	Cancelled                // somebody ended it
	ListGone                 // its list was deleted
	FileGone                 // its file could not be read any more
	FileChanged              // its file has another size than the one that came
)

var stateNames = [...]string{"running", "completed", "cancelled", "list gone", "file gone", "file changed"}

// String returns the state as the log has it.
func (s State) String() string { return stateNames[s] }

// Stats counts the rows that were worked. Each is one of the three.
type Stats struct {
	Success, Duplicate, Failed int
}

// Total is how many rows were worked.
func (s Stats) Total() int { return s.Success + s.Duplicate + s.Failed }

// ErrorTotal counts the error rows of an upload.
type ErrorTotal struct {
	Bytes   int64 // of the reasons and records that are kept
	Omitted int   // rows that failed or are duplicates and are not kept
}

// ErrorsKept is how many error rows are kept.
func (u *Upload) ErrorsKept() int { return u.Stats.Duplicate + u.Stats.Failed - u.Errors.Omitted }

// Query asks for a page of an account's uploads. The window sorts by creation.
type Query struct {
	addressbook.Window
	Kind Kind
}

// Kind is what uploads are for.
type Kind uint8

// The kinds of uploads.
const (
	AnyKind Kind = iota
	Imports      // what is not a dry run
	DryRuns
)

// Has reports whether an upload is of the kind.
func (k Kind) Has(u *Upload) bool { return k == AnyKind || u.DryRun == (k == DryRuns) }

// Page is a page of an account's uploads.
type Page struct {
	Uploads []Upload
	Total   int                   // whatever the page
	Next    *addressbook.Position // where the next page begins; nil on the last
}

// ErrorRow is a row that failed or is a duplicate.
type ErrorRow struct {
	Line int64 // where it begins in the file
	// Kind is Missing, Invalid or Duplicate, and Reason what a person reads.
	Kind   fault.Kind
	Reason string
	// Record is the row as CSV without its end of line, under Upload.Header.
	Record []byte
}

// errorCodes are the numbers by which stores keep the kinds of error rows. No
// number ever changes.
var errorCodes = [...]fault.Kind{1: fault.Missing, 2: fault.Invalid, 3: fault.Duplicate}

// Code returns the number by which a store keeps the row's kind.
func (r *ErrorRow) Code() int { return max(0, slices.Index(errorCodes[:], r.Kind)) }

// KindOf returns the kind of a row that a store keeps with this code, or zero for a
// code that stands for none.
func KindOf(code int) fault.Kind {
	if code < 0 || code >= len(errorCodes) {
		return 0
	}
	return errorCodes[code]
}

// ErrNoUpload is the fault of a sid that no upload of the account has. Stores
// tell it, too.
var ErrNoUpload = fault.New(fault.NotFound, "There is no upload with this id")

// Store is what an [Importer] needs of a database. All of it is safe for
// concurrent use. The account is always the account's own id; no method ever
// touches another's rows, but those about the uploads of all: FilesInUse,
// UploadLeases, DeleteUploads and PendingFiles. A write that takes ready calls it
// before it is committed, and stores its receipt in the same transaction, as
// [addressbook.Store] says.
type Store interface {
	BatchStore
	PendingStore
	UndoStore
	RetentionStore

	// UploadLeases returns the leases of the running uploads of all accounts.
	UploadLeases() work.LeaseStore

	// AddUpload adds an upload, with its lease, for the list with list's name.
	// When there is none, it adds that list, in the same transaction; for a dry
	// run it notes NewList instead. An upload whose List is not zero is for that
	// one, and when it is not there, the error is a NotFound fault. Ready is given
	// the list; when one of another type is there, it is not called, and the error
	// is an Invalid fault.
	AddUpload(ctx context.Context, u Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error

	// EndUpload puts a running upload into this state; one that has ended stays
	// as it is. Ready is given the upload; when there is none, it is not called,
	// and the error is a NotFound fault.
	EndUpload(ctx context.Context, account account.ID, sid addressbook.SID, s State, now time.Time, ready journal.Ready[Upload]) error

	// LastUploadTo returns the upload that came last for this list, dry runs
	// aside, or a NotFound fault.
	LastUploadTo(ctx context.Context, account account.ID, list addressbook.SID) (Upload, error)

	// Upload returns one upload, or a NotFound fault.
	Upload(ctx context.Context, account account.ID, sid addressbook.SID) (Upload, error)

	// Uploads returns a page of the account's uploads, and the total at that
	// same moment.
	Uploads(ctx context.Context, account account.ID, q Query) (Page, error)

	// EachFileName calls each with the sids and file names of the account's uploads,
	// newest first, until it returns false.
	EachFileName(ctx context.Context, account account.ID, each func(sid addressbook.SID, fileName string) bool) error

	// FilesInUse returns the sids of the running uploads and the pending files of
	// all accounts.
	FilesInUse(ctx context.Context) ([]addressbook.SID, error)

	// ErrorRows returns an upload's error rows, by line, those after this line
	// and at most limit.
	ErrorRows(ctx context.Context, account account.ID, sid addressbook.SID, after int64, limit int) ([]ErrorRow, error)
}
