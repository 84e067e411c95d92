// Package verify checks the invariants of a database: its structure is sound, its
// counters agree with a recount, no row is orphaned, no account has a number twice,
// receipts, uploads and trunks can be read, and recordings are those that were uploaded.
//
// The checks change nothing and read one snapshot, so they run beside servers that
// write. Their memory is bounded whatever the size of the database. Their reports
// hold sids, counts and the names of recordings, and no phone number or name of a
// person.
package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/journal"
	"callbook/internal/trunk"
)

// ErrDamaged means that a database cannot be read further because its content or
// its file is corrupt. Stores wrap it.
var ErrDamaged = errors.New("the database is damaged")

// Store is a database that can be checked.
type Store interface {
	// View calls f with one snapshot of the database, which is valid until f
	// returns. It returns f's error, or [ErrDamaged] if nothing can be read.
	View(ctx context.Context, f func(View) error) error
}

// View is a snapshot of a database. Its methods must not be called concurrently, or
// from within a function each. The account is always the account's own id.
//
// A method that has a parameter each calls it for every row. The value is valid
// until each returns. The method stops at an error of each and returns it. An error
// that wraps [ErrDamaged] means that the remaining rows cannot be read.
type View interface {
	// Schema compares the tables and indexes with those of the migrations, and
	// calls found for each that is missing or different. It returns the version
	// and the number of tables and indexes.
	Schema(ctx context.Context, found func(text string)) (version int, objects int64, err error)

	// Structure checks the level below the rows: pages, indexes, constraints. It
	// calls found for each problem, and returns how many of what unit it checked.
	Structure(ctx context.Context, found func(text string)) (checked int64, unit string, err error)

	// Has reports whether a table exists. A database of an older schema lacks some.
	Has(table string) bool

	// Accounts returns all accounts.
	Accounts(ctx context.Context) ([]Account, error)

	// Contacts visits the contacts of an account, in the order of their sids.
	Contacts(ctx context.Context, account account.ID, each func(*Contact) error) error

	// Numbers visits the numbers of an account's contacts in ascending order,
	// duplicates included. It reads the rows and does not trust a unique index.
	Numbers(ctx context.Context, account account.ID, each func(number int64) error) error

	// Holders returns the sids of the account's contacts that have one of these
	// numbers, at most limit.
	Holders(ctx context.Context, account account.ID, numbers []int64, limit int) ([]Holder, error)

	// Lists visits the lists of an account with their counts.
	Lists(ctx context.Context, account account.ID, each func(*List) error) error

	// TrashedContacts visits the contacts of an account that are in the trash, in the
	// order of their sids.
	TrashedContacts(ctx context.Context, account account.ID, each func(*Contact) error) error

	// Trash counts what is in the trash of an account.
	Trash(ctx context.Context, account account.ID) (Trash, error)

	// Campaigns visits the campaigns of an account.
	Campaigns(ctx context.Context, account account.ID, each func(*Campaign) error) error

	// Prompts visits the recordings of an account. It hashes each file without holding
	// more than one.
	Prompts(ctx context.Context, account account.ID, each func(*Prompt) error) error

	// Trunks visits the trunks.
	Trunks(ctx context.Context, each func(*trunk.Row) error) error

	// Dialogs returns the number of records of calls over trunks, and how many of them
	// are empty or have no sid.
	Dialogs(ctx context.Context) (all, broken int64, err error)

	// AuditEntries visits the entries of the audit log.
	AuditEntries(ctx context.Context, each func(*audit.Entry) error) error

	// Orphans visits each reference from one table to another, except the
	// references that [View].Lists covers.
	Orphans(ctx context.Context, each func(Orphans) error) error

	// Secrets returns the number of stored hashes of tokens and cookies, and how
	// many of them have the wrong length.
	Secrets(ctx context.Context) (all, broken int64, err error)

	// ReceiptTotal returns the counter of an account's receipts, from the table
	// receipt_totals.
	ReceiptTotal(ctx context.Context, account account.ID) (journal.Total, error)

	// Receipts visits the receipts of an account.
	Receipts(ctx context.Context, account account.ID, each func(*Receipt) error) error

	// Uploads visits the uploads of an account and its drafts.
	Uploads(ctx context.Context, account account.ID, each func(*Upload) error) error

	// Files returns the files of all uploads by sid. If the engine stores files
	// outside the snapshot, the file of an upload that has ended meanwhile may be
	// missing.
	Files(ctx context.Context) (map[addressbook.SID]File, error)

	// Ended reports whether an upload or draft of the snapshot has ended meanwhile.
	Ended(ctx context.Context, account account.ID, sid addressbook.SID) (bool, error)
}

// Account is an account and its counter of contacts.
type Account struct {
	ID      account.ID
	SID     string
	Counted bool  // whether there is a counter
	Count   int64 // its value
	Slots   int64 // how many of its rows have an invalid slot
}

// Contact is a contact as it is stored. A NULL text is nil.
type Contact struct {
	SID              []byte
	Number           int64 // E.164 without its plus
	Texts            [addressbook.NumTextFields][]byte
	CustomField      []byte
	Created, Updated int64 // Unix nanoseconds
	// Misfolded means that a stored folded text differs from the result of
	// [addressbook.NameKey] or [addressbook.SearchText].
	Misfolded bool
}

// Holder is a contact that has a number.
type Holder struct {
	Number int64
	SID    []byte
}

// List is a list, its counter and a recount.
type List struct {
	SID       []byte
	Type      int64
	Count     int64 // contact_count
	Members   int64 // its rows in list_members
	Strangers int64 // members that are not contacts of the account
	Created   int64
	Misfolded bool // as in Contact
}

// Trash is what is in the trash of an account, and what must not be.
type Trash struct {
	Lists, Members int64
	Twins          int64 // contacts and lists that are in the trash and outside of it
	Strays         int64 // members whose contact or list is nowhere
	Left           int64 // members whose contact and list are both outside
}

// Prompt is a recording.
type Prompt struct {
	Name string
	Hash []byte            // the stored hash of its file
	Sum  [sha256.Size]byte // the SHA-256 of the stored file
}

// Orphans counts the rows of one table whose referenced row in another is missing.
type Orphans struct {
	Rows, Of string // the tables
	Count    int64
}

// Receipt is a receipt as it is stored.
type Receipt struct {
	Key     []byte
	Request []byte // its hash
	Status  int64
	// Encoding is the encoding of Body. Older schemas have only plain bodies.
	Encoding int64
	Body     []byte
	Created  int64
}

// Upload is an upload or, with Pending, a file whose upload has not been started.
type Upload struct {
	SID                               []byte
	Pending                           bool
	State                             int64 // of an upload
	Size                              int64 // of its file; 0 if unknown
	Position                          int64 // bytes of the file that were processed
	Success, Duplicate, Failed, Fresh int64 // Fresh is new_contacts
	ErrorRows                         int64 // the number of its error rows
}

// File is the file of an upload.
type File struct {
	Size   int64 // in bytes
	Broken bool  // pieces of it are missing
}

// Options change how [Run] works and what it reports. The zero value is the default.
type Options struct {
	// Progress is called with the number of rows that a check has read, and with the
	// estimated total, or 0 if that is unknown. Nil means no calls.
	Progress func(check string, done, total int64)
	// Checked, if not nil, is called with each result.
	Checked func(Result)
	// Only names the checks to run; nil means all.
	Only []string
}

// Result is the outcome of one check.
type Result struct {
	Check   string
	Counted []Count
	// Problems are the first [MaxProblems] problems; Found is the number of all.
	Problems []Problem
	Found    int64
	// Notes are observations that are not problems.
	Notes []string
	// Advice says what to do about the problems.
	Advice string
}

// OK reports whether the check found no problem.
func (r *Result) OK() bool { return r.Found == 0 }

// Count is how many objects of a unit a check has examined.
type Count struct {
	N    int64
	Unit string // such as "contacts"; with [Version], N is not a count
}

// Version is the unit of the schema's version.
const Version = "version"

// Problem is one violation of an invariant.
type Problem struct {
	Account string // its sid; "" if the problem does not belong to an account
	Text    string
}

// MaxProblems is how many problems of one check are reported.
const MaxProblems = 10

// Report is the outcome of all checks.
type Report struct{ Results []Result }

// OK reports whether no check found a problem.
func (r *Report) OK() bool { return r.Failed() == 0 }

// Failed returns how many checks found a problem.
func (r *Report) Failed() (n int) {
	for i := range r.Results {
		if !r.Results[i].OK() {
			n++
		}
	}
	return n
}

// Run runs the checks. The problems of the database are in the report; an error
// means that the checks themselves could not be completed.
func Run(ctx context.Context, store Store, opts Options) (Report, error) {
	if opts.Progress == nil {
		opts.Progress = func(string, int64, int64) {}
	}
	if opts.Checked == nil {
		opts.Checked = func(Result) {}
	}
	r := &runner{opts: opts}
	err := store.View(ctx, func(v View) error {
		r.view = v
		return r.all(ctx)
	})
	if errors.Is(err, ErrDamaged) {
		r.begin(checks[Structure])
		r.problem("", err.Error())
		r.end()
		err = nil
	}
	if err != nil {
		return Report{}, fmt.Errorf("check: %w", err)
	}
	return r.report, nil
}
