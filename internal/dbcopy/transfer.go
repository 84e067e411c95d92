// Package dbcopy copies a whole database into an empty one of the same or
// another engine: accounts, keys, contacts, lists, uploads with the files that are
// still needed, receipts, counts of requests, the dashboard's sessions, campaigns and
// trunks. Sids and dates stay the same.
//
// Rows are copied as the values of their columns ([Tables]), in batches and in the
// order of their keys. The transaction that writes a batch also stores the
// position of the copy in the target, so that an interrupted copy resumes there.
// After the last row, both databases are read and compared, account by account.
// The target computes derived columns, such as counters and folded texts.
package dbcopy

import (
	"context"
	"errors"
	"fmt"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/upload"
)

// Database is the source or the target of a copy.
type Database struct {
	Store Store
	Files upload.Files // of the uploads
}

// Store is what a copy needs of a database. The account is always the account's
// own id, or [account.None] for tables of [Shared]. No one else writes to the database during a copy.
type Store interface {
	// Accounts returns all accounts, by sid.
	Accounts(ctx context.Context) ([]account.Account, error)

	// Size returns an estimate of the number of rows in all of [Tables] and [Shared].
	Size(ctx context.Context) (int64, error)

	// ContactCount returns the account's counter of contacts.
	ContactCount(ctx context.Context, account account.ID) (int64, error)

	// Read calls each for the account's rows of a table, in the order of their
	// keys. After is the key to start after; nil means from the first row on. A
	// row is valid until each returns. Read stops at an error of each and returns
	// it.
	Read(ctx context.Context, account account.ID, t *Table, after Row, each func(Row) error) error

	// LastCopy returns the state of the last copy into this database, and false
	// if there was none.
	LastCopy(ctx context.Context) (State, bool, error)

	// Begin begins a copy into this database: in one transaction it adds the
	// accounts, with new ids, and stores the state. The error is [ErrNotEmpty] if
	// the database has accounts already.
	Begin(ctx context.Context, s State, accounts []account.Account) error

	// Write adds the rows of some parts and replaces the state from by to, in one
	// transaction. Parts come after those that they refer to, and their accounts
	// are ids of this database. If the stored state is not from, Write changes
	// nothing and returns [ErrMoved].
	Write(ctx context.Context, parts []Part, from, to State) error

	// End stores the last state, as Write does, with the entries of the context's
	// [audit.Note], and makes the database ready for servers.
	End(ctx context.Context, from, to State) error
}

// State is the progress of a copy, which the target stores. A [Store] does not
// interpret it.
type State struct {
	Source string // identifies the source
	At     string
}

var (
	// ErrNotEmpty means that the target of a new copy has accounts already.
	ErrNotEmpty = errors.New("it has accounts already, and a copy only goes into an empty database")
	// ErrMoved means that another process runs the same copy.
	ErrMoved = errors.New("another \"callbook copy\" is at work on it")
	// ErrOtherSource means that the target holds a part of another database.
	ErrOtherSource = errors.New("it has an unfinished copy of another database, or of this one before accounts came or went; copy into an empty database")
	// ErrUnfinished means that a database cannot be used until its copy ends.
	ErrUnfinished = errors.New("it has an unfinished copy; run \"callbook copy\" again to end it, or use another database")
)

// CheckFinished returns [ErrUnfinished] if a copy into this database has not ended.
func CheckFinished(ctx context.Context, s interface {
	LastCopy(ctx context.Context) (State, bool, error)
},
) error {
	state, copied, err := s.LastCopy(ctx)
	if err != nil || !copied {
		return err
	}
	at, err := parsePosition(state.At)
	if err == nil && !at.Ended {
		err = ErrUnfinished
	}
	return err
}

// Phase is a phase of a copy.
type Phase string

// The phases, in their order.
const (
	Copying   Phase = "copying"
	Comparing Phase = "comparing"
)

// Options change how [Copy] works and what it reports. Each function may be nil.
type Options struct {
	// Progress is called when a phase begins, and then as its rows are done. Total
	// is an estimate.
	Progress func(p Phase, done, total int64)
	// Resumed is called first when an interrupted copy resumes.
	Resumed func(done, total int64)
	// Compared is called for each account that is the same in both databases.
	Compared func(Summary)
	// BatchRows is the maximum number of rows of a batch; zero means 5,000.
	BatchRows int
}

// Copy copies everything, or resumes an interrupted copy, and then compares the
// databases. If they differ, the error is a [*Mismatch] and the copy stays
// unfinished. If the copy has ended before, Copy only compares.
func Copy(ctx context.Context, source, target Database, opts Options) error {
	if opts.BatchRows == 0 {
		opts.BatchRows = defaultBatchRows
	}
	if opts.Progress == nil {
		opts.Progress = func(Phase, int64, int64) {}
	}
	if opts.Resumed == nil {
		opts.Resumed = func(int64, int64) {}
	}
	if opts.Compared == nil {
		opts.Compared = func(Summary) {}
	}
	c := &copier{source: source, target: target, opts: opts}
	if err := c.begin(ctx); err != nil {
		return err
	}
	if c.at.Ended {
		return c.compare(ctx)
	}
	if err := c.copyRows(ctx); err != nil {
		return err
	}
	if err := c.copyFiles(ctx); err != nil {
		return err
	}
	if err := c.compare(ctx); err != nil {
		return err
	}
	ended := c.at
	ended.Ended = true
	ctx, _ = audit.Begin(ctx, account.None, audit.Change{Action: audit.DatabasesCopy, Done: len(c.accounts)})
	if err := target.Store.End(ctx, c.state(c.at), c.state(ended)); err != nil {
		return fmt.Errorf("end the copy: %w", err)
	}
	return nil
}
