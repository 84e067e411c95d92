// Package verify checks that a database holds what the program promises of it:
// that its structure is sound, its counters are what a recount gives, every row
// has the rows that it belongs to, no number is there twice in an account, and
// receipts and uploads can be read.
//
// A check changes nothing, and reads one snapshot: it works beside servers that
// write. Its memory is bounded whatever the size of the database. What it says
// names accounts and sids and counts, and never a number or a name.
package verify

import (
	"context"
	"errors"
	"fmt"

	"callbook/internal/addressbook"
	"callbook/internal/journal"
)

// ErrDamaged means that a database cannot be read further, since what stands in
// it, or its file, is broken. Stores wrap it.
var ErrDamaged = errors.New("the database is damaged")

// Store is a database that can be checked.
type Store interface {
	// View calls f with one snapshot of the database, which is valid until f
	// returns. It returns f's error. [ErrDamaged] tells that nothing can be read.
	View(ctx context.Context, f func(View) error) error
}

// View is a snapshot of a database. Its methods are called one after the other,
// and never from within the function that another was given. The account is
// always the account's own id. What each is given is valid until it returns, and
// an error of each ends the method and is returned. An error that is
// [ErrDamaged] tells that the rows could not be read on.
type View interface {
	// Schema compares the tables and indexes with those that the migrations make,
	// and tells what is missing or different. It returns the version and how many
	// there are.
	Schema(ctx context.Context, found func(text string)) (version int, objects int64, err error)

	// Structure checks what the engine keeps below the rows: pages, indexes,
	// constraints. It returns how many it checked, and what they are called.
	Structure(ctx context.Context, found func(text string)) (checked int64, unit string, err error)

	// Has tells whether a table is there: a database of an older schema does not
	// have all.
	Has(table string) bool

	// Accounts returns all accounts.
	Accounts(ctx context.Context) ([]Account, error)

	// Contacts gives each the contacts of an account, in the order of their sids.
	Contacts(ctx context.Context, account int64, each func(*Contact) error) error

	// Numbers gives each the numbers of an account's contacts in rising order, and
	// one that several have as often. It reads the rows and trusts no unique
	// index.
	Numbers(ctx context.Context, account int64, each func(number int64) error) error

	// Holders returns the sids of the account's contacts that have one of these
	// numbers, at most limit.
	Holders(ctx context.Context, account int64, numbers []int64, limit int) ([]Holder, error)

	// Lists gives each the lists of an account with their counts.
	Lists(ctx context.Context, account int64, each func(*List) error) error

	// Orphans gives each every relation between two tables that no list of
	// [View].Lists covers.
	Orphans(ctx context.Context, each func(Orphans) error) error

	// Secrets returns how many hashes of tokens and cookies there are, and how
	// many of those are none.
	Secrets(ctx context.Context) (all, broken int64, err error)

	// ReceiptTotal returns the counter of an account's receipts, the table
	// receipt_totals.
	ReceiptTotal(ctx context.Context, account int64) (journal.Total, error)

	// Receipts gives each the receipts of an account.
	Receipts(ctx context.Context, account int64, each func(*Receipt) error) error

	// Uploads gives each the uploads of an account, and the files that wait to be
	// started.
	Uploads(ctx context.Context, account int64, each func(*Upload) error) error

	// Files returns the files of all uploads by sid. Where they are not in the
	// snapshot, a file of an upload that ended meanwhile may be missing.
	Files(ctx context.Context) (map[addressbook.SID]File, error)

	// Ended tells whether an upload that ran or waited in the snapshot does not
	// any more.
	Ended(ctx context.Context, account int64, sid addressbook.SID) (bool, error)
}

// Account is an account and its counter of contacts.
type Account struct {
	ID      int64
	SID     string
	Counted bool  // whether there is a counter
	Count   int64 // what it says
	Slots   int64 // how many rows of it are none of its slots
}

// Contact is a contact as it is stored; a text that is null is nil.
type Contact struct {
	SID              []byte
	Number           int64 // E.164 without its plus
	Texts            [5][]byte
	CustomField      []byte
	Created, Updated int64 // Unix nanoseconds
	// Misfolded tells that a folded text which is stored beside the contact is not
	// what [addressbook.Fold] makes of it.
	Misfolded bool
}

// Holder is who has a number.
type Holder struct {
	Number int64
	SID    []byte
}

// List is a list, its counter and a recount.
type List struct {
	SID       []byte
	Type      int64
	Count     int64 // contact_count
	Members   int64 // how many rows it has
	Strangers int64 // how many of them are no contact of the account
	Created   int64
	Misfolded bool // as with a contact
}

// Orphans are the rows of one table that have no row in another.
type Orphans struct {
	Rows, Of string // the tables
	Count    int64
}

// Receipt is a receipt as it is stored.
type Receipt struct {
	Key     []byte
	Request []byte // its hash
	Status  int64
	// Encoding is that of Body; a database of an older schema has plain ones.
	Encoding int64
	Body     []byte
	Created  int64
}

// Upload is an upload, or a file that waits to be started.
type Upload struct {
	SID                               []byte
	Pending                           bool
	State                             int64 // of an upload
	Size                              int64 // of its file; 0 when not known
	Position                          int64 // bytes of the file that were worked
	Success, Duplicate, Failed, Fresh int64 // Fresh is new_contacts
	ErrorRows                         int64 // how many it has
}

// File is the file of an upload.
type File struct {
	Size   int64 // in bytes
	Broken bool  // pieces of it are missing
}

// Options change how [Run] works and what it tells. The zero value is the default.
type Options struct {
	// Progress is told how many rows of about how many a check has read; total is
	// 0 while nobody knows. Nil is told nothing.
	Progress func(check string, done, total int64)
	// Checked is told each result as soon as it is there. Nil is told nothing.
	Checked func(Result)
	// Only names the checks to run; nil means all.
	Only []string
}

// Result is the outcome of one check.
type Result struct {
	Check   string
	Counted []Count
	// Problems are what is wrong, the first [MaxProblems]; Found is how many there
	// are.
	Problems []Problem
	Found    int64
	// Notes say what is worth knowing and not wrong.
	Notes []string
	// Advice says what to do about the problems.
	Advice string
}

// OK tells whether nothing is wrong.
func (r *Result) OK() bool { return r.Found == 0 }

// Count is how many of something a check has looked at.
type Count struct {
	N    int64
	Unit string // as "contacts"; [Version] for one that is no count
}

// Version is the unit of the schema's version.
const Version = "version"

// Problem is one thing that is wrong.
type Problem struct {
	Account string // its sid; "" when it is not an account's
	Text    string
}

// MaxProblems is how many problems of one check are told.
const MaxProblems = 10

// Report is the outcome of all checks.
type Report struct{ Results []Result }

// OK tells whether nothing is wrong.
func (r *Report) OK() bool { return r.Failed() == 0 }

// Failed is how many checks found something.
func (r *Report) Failed() (n int) {
	for i := range r.Results {
		if !r.Results[i].OK() {
			n++
		}
	}
	return n
}

// Run runs the checks. Its error tells that they could not be run to their end;
// what is wrong with the database is in the report.
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
