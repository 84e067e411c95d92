package upload

import (
	"context"
	"fmt"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/phone"
	"callbook/internal/upload/table"
	"callbook/internal/work"
)

// The sizes of a batch: whichever is reached first.
const (
	// defaultBatchRows keeps the transaction short, since whoever writes
	// meanwhile waits for it.
	defaultBatchRows = 2000
	// contendedRows is in its place while other accounts write too.
	contendedRows = 250
	// batchBytes is about how much memory the rows of a batch take, of which rowBytes
	// is that of a row without cells. A spreadsheet of a few bytes may have rows with
	// very many.
	batchBytes = 2 << 20
	rowBytes   = 256
)

// How many contacts a list may have, those included that it has before an
// upload.
const (
	MaxStatic  = 100_000
	MaxDynamic = 500_000
)

// CapOf returns how many contacts a list of this type may have.
func CapOf(t addressbook.ListType) int {
	if t == addressbook.Dynamic {
		return MaxDynamic
	}
	return MaxStatic
}

// What is kept of the rows of an upload that failed or are duplicates; further
// ones are only counted.
const (
	MaxErrorRows  = 100_000
	MaxErrorBytes = 64 << 20 // of reasons and records
)

// BatchStore is the part of a [Store] that works the rows of uploads.
type BatchStore interface {
	// ApplyBatch applies a batch in one transaction, and returns the upload's
	// state after it. It reads whether each contact is in the address book and in
	// the list, and asks Batch.Decide what becomes of it. Then it inserts, joins
	// and overwrites contacts as decided, except in a dry run, and stores what
	// Batch.Settle returns: the stats, the tally, the error rows, and the position. An upload
	// that has ended, or whose list was deleted, stays as it is: the returned state
	// says which. A dry run's NewList cannot be deleted. An upload whose position
	// is not the batch's beginning is an error.
	//
	// The batch's lease becomes the upload's. Its server must have the lease
	// already, even if that has run out; otherwise the batch changes nothing, and
	// the error is [work.ErrLost].
	ApplyBatch(ctx context.Context, b *Batch) (State, error)

	// Contended tells whether other accounts have written within the last second
	// or so, and wait for the account's transactions. A store whose transactions
	// run side by side says no.
	Contended(account account.ID) bool

	// RestartUpload resets a running upload to this position, and deletes its stats,
	// tally and error rows, in one transaction; one that has ended stays as it is. It
	// returns the upload's state, or a NotFound fault. The lease is as with
	// ApplyBatch.
	RestartUpload(ctx context.Context, account account.ID, sid addressbook.SID, to table.Position, l work.Lease, now time.Time) (State, error)
}

// Batch is some rows of an upload that are worked in one transaction.
type Batch struct {
	Account  account.ID
	Upload   addressbook.SID
	List     addressbook.SID
	From, To table.Position
	Last     bool // the file has no more rows
	Max      int  // contacts in the list
	// MaxErrorRows and MaxErrorBytes are what is kept of the error rows of all
	// the upload.
	MaxErrorRows  int
	MaxErrorBytes int64
	Time          time.Time  // when the batch is done
	Lease         work.Lease // of who does it, from then on
	// OnDuplicate tells what happens to contacts that are in the address book or
	// in the list. With UpdateDuplicate they are overwritten with these, if they
	// are in the list then.
	OnDuplicate addressbook.OnDuplicate
	// DryRun adds and changes nothing; see Decide.
	DryRun bool
	// Contacts have distinct numbers and are in the order of their rows.
	Contacts []addressbook.Contact

	layout   *table.Layout
	words    func(error) string // see Options
	rows     []table.Row
	prepared addressbook.Prepared
	tally    Tally                     // of these rows
	full     error                     // the fault of rows for which the list has no room
	tried    map[phone.Number]struct{} // in the list, for a dry run
	outcomes []Outcome                 // that were settled last
}

// Standing is where the number of a contact stood before its batch.
type Standing uint8

// The standings.
const (
	Unknown Standing = iota // the address book does not have it
	Known                   // the address book has it, and the list does not
	Listed                  // the list has it
)

// Outcome is what became of a contact of a batch.
type Outcome uint8

// The outcomes.
const (
	Added  Outcome = iota // it is new, and in the list
	Member                // it was in the list
	Full                  // it is not in the list, which has no room for it
	Joined                // it was in the address book, and is in the list now
)

// Decide returns a function that tells what is to become of each contact, by its
// index and standing. It is to be called for all contacts in their order. Listed
// is how many contacts the list has. Of a batch of a dry run nothing else is done;
// what the batches before it would have added counts as added.
func (b *Batch) Decide(listed int) func(i int, standing Standing) Outcome {
	room := b.Max - listed - len(b.tried)
	return func(i int, standing Standing) Outcome {
		_, tried := b.tried[b.Contacts[i].Number]
		switch {
		case tried || standing == Listed:
			return Member
		case room <= 0:
			return Full
		}
		room--
		if standing == Known {
			return Joined
		}
		return Added
	}
}

// Settlement is what a store stores of a batch besides contacts.
type Settlement struct {
	Stats  Stats
	New    int        // of Stats.Success: rows whose contact is new
	Rows   []ErrorRow // by line
	Errors ErrorTotal // Rows, and the rows that are omitted beyond them
	Tally  Tally      // of the upload, this batch included
}

// Settle counts the rows, and makes error rows of those that failed or are
// duplicates, given the upload before the batch and what became of each contact.
// Once one error row is omitted, all that follow are: those that are kept are the
// first ones.
func (b *Batch) Settle(u *Upload, outcomes []Outcome) Settlement {
	b.outcomes = outcomes
	tally := b.tally
	if !b.DryRun {
		tally.Added = b.added(outcomes)
	}
	s := Settlement{Tally: u.Tally.Add(tally)}
	room, full := b.MaxErrorRows-u.ErrorsKept(), u.Errors.Omitted > 0
	faults := make([]error, len(b.rows))
	for i := range faults {
		faults[i] = b.prepared.Results[i].Fault
	}
	for i, outcome := range outcomes {
		faults[b.prepared.DraftOf[i]] = b.fault(outcome)
		if outcome == Added {
			s.New++
		}
	}
	for _, again := range b.prepared.Repeats {
		outcome := outcomes[again.Contact]
		if outcome != Full {
			outcome = Member
		}
		faults[again.Draft] = b.fault(outcome)
	}
	for i, err := range faults {
		if err == nil {
			s.Stats.Success++
			continue
		}
		if fault.Is(err, fault.Duplicate) {
			s.Stats.Duplicate++
		} else {
			s.Stats.Failed++
		}
		if !full && len(s.Rows) < room {
			row := b.errorRow(i, err)
			size := int64(len(row.Reason) + len(row.Record))
			if u.Errors.Bytes+s.Errors.Bytes+size <= b.MaxErrorBytes {
				s.Rows = append(s.Rows, row)
				s.Errors.Bytes += size
				continue
			}
		}
		full = true
		s.Errors.Omitted++
	}
	return s
}

// added returns what the batch adds, given what becomes of each contact.
func (b *Batch) added(outcomes []Outcome) (a Additions) {
	for i, outcome := range outcomes {
		switch sid := b.Contacts[i].SID; outcome {
		case Added:
			a = a.plus(Additions{Contacts: 1, First: sid, Last: sid})
		case Joined:
			a.Members++
		}
	}
	return a
}

// errorRow tells what is wrong with a row.
func (b *Batch) errorRow(i int, err error) ErrorRow {
	row := ErrorRow{
		Line:   b.rows[i].Line,
		Kind:   fault.Invalid,
		Reason: b.words(err),
		Record: b.layout.ErrorRecord(b.rows[i].Cells),
	}
	if f := fault.As(err); f != nil {
		row.Kind = f.Kind
	}
	return row
}

func (b *Batch) fault(outcome Outcome) error {
	switch {
	case outcome == Full:
		return b.full
	case outcome == Member && b.OnDuplicate == addressbook.RejectDuplicate:
		return addressbook.ErrMember
	default:
		return nil
	}
}

// errFull is the fault of a row for which its list has no room.
func errFull(t addressbook.ListType) error {
	return fault.New(fault.Invalid, fmt.Sprintf("The list is full: a %s list has at most %d contacts", typeName(t), CapOf(t)))
}
