// Package transfer copies everything from one database into another that is
// empty, whatever their engines: accounts, keys, contacts, lists, uploads with
// the files that are still needed, kept answers, counts of requests and the
// dashboard's sessions, with their sids and dates.
//
// Rows are moved as the values of their columns ([Tables]), in the order of
// their keys and in batches. With each batch the target keeps, in the same
// transaction, how far the copy is: so it goes on there whatever ended it. When
// all rows are there, both databases are read again and compared, account by
// account. What an engine makes of its rows for itself, as counters and folded
// texts, is made by the target.
package transfer

import (
	"context"
	"errors"
	"fmt"

	"callbook/internal/account"
	"callbook/internal/upload"
)

// Database is a database as a copy uses it.
type Database struct {
	Store Store
	Files upload.Files // of the uploads
}

// Store is what a copy needs of a database. The account is always the account's
// own id. While a copy is under way, nobody else writes.
type Store interface {
	// Accounts returns all accounts, by sid.
	Accounts(ctx context.Context) ([]account.Account, error)

	// Size is about how many rows there are in all of [Tables].
	Size(ctx context.Context) (int64, error)

	// ContactCount is how many contacts the account has, as its counter says.
	ContactCount(ctx context.Context, account int64) (int64, error)

	// Read calls each with the rows of a table that the account has, in the
	// order of their keys: from the first on, or from the first after a key. A
	// row is good until each returns. An error of each ends it, and is returned.
	Read(ctx context.Context, account int64, t *Table, after Row, each func(Row) error) error

	// LastCopy returns the state of the copy into this database; false means that
	// there never was one.
	LastCopy(ctx context.Context) (State, bool, error)

	// Begin begins a copy into this database, in one transaction: it adds the
	// accounts, whatever their ids, and keeps the state. [ErrNotEmpty] tells that
	// the database has accounts already.
	Begin(ctx context.Context, s State, accounts []account.Account) error

	// Write adds the rows of some parts and moves the copy from one state to the
	// next, in one transaction. Of the parts, none comes before one whose rows it
	// needs; their accounts are ids of this database. [ErrMoved] tells that the
	// copy is not in the state it is to be moved from; then nothing is done.
	Write(ctx context.Context, parts []Part, from, to State) error

	// End moves the copy to its last state, as Write does, and makes the database
	// ready for servers.
	End(ctx context.Context, from, to State) error
}

// State is how far a copy is, as the target keeps it. To a [Store] both are texts
// without a meaning.
type State struct {
	Source string // what tells the source from other databases
	At     string
}

var (
	// ErrNotEmpty means that a database has accounts, and no copy goes into it.
	ErrNotEmpty = errors.New("it has accounts already, and a copy only goes into an empty database")
	// ErrMoved means that somebody else moves the same copy.
	ErrMoved = errors.New("another \"callbook copy\" is at work on it")
	// ErrOtherSource means that a database has a part of another one.
	ErrOtherSource = errors.New("it has an unfinished copy of another database, or of this one before accounts came or went; copy into an empty database")
	// ErrUnfinished means that a database cannot be used yet.
	ErrUnfinished = errors.New("it has an unfinished copy; run \"callbook copy\" again to end it, or use another database")
)

// CheckFinished returns [ErrUnfinished] when a copy into this database has not
// ended.
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

// Phase is what a copy is doing.
type Phase string

// The phases, in their order.
const (
	Copying   Phase = "copying"
	Comparing Phase = "comparing"
)

// Options change how [Copy] works and what it tells.
type Options struct {
	// Progress is told how many rows of all were done in a phase, the first time
	// when the phase begins. Total may be a little off. Nil is told nothing.
	Progress func(p Phase, done, total int64)
	// Resumed is called before anything else when the copy goes on.
	Resumed func(done, total int64)
	// Compared is told each account that is the same in both databases.
	Compared func(Summary)
	// BatchRows is how many rows a batch has at most; zero means 5,000.
	BatchRows int
}

// Copy copies everything, or goes on with a copy that was ended before its time,
// and compares the databases at the end. That they differ is a [*Mismatch], and
// the copy stays unfinished. Of one that has ended it only does the comparison.
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
	if err := target.Store.End(ctx, c.state(c.at), c.state(ended)); err != nil {
		return fmt.Errorf("end the copy: %w", err)
	}
	return nil
}
