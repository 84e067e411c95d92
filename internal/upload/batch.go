package upload

import (
	"context"
	"fmt"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/fault"
	"callbook/internal/phone"
	"callbook/internal/suppression"
	"callbook/internal/upload/table"
	"callbook/internal/work"
)

// A batch ends at whichever of these sizes it reaches first.
const (
	// defaultBatchRows keeps transactions short, since other writers wait for them.
	defaultBatchRows = 2000
	// contendedRows is used instead while other accounts write.
	contendedRows = 250
	// batchBytes bounds the memory of a batch's rows, about. RowBytes is the memory of a
	// row without its cells. Without this bound, a small spreadsheet could fill the
	// memory with rows of very many cells.
	batchBytes = 2 << 20
	rowBytes   = 256
)

// These bound the contacts of a list, with those that it has before an upload.
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

// These bound the error rows that are kept of an upload. The others are only counted.
const (
	MaxErrorRows  = 100_000
	MaxErrorBytes = 64 << 20 // of the reasons and the records together
)

// BatchStore is the part of a [Store] that adds contacts batch by batch.
type BatchStore interface {
	// ApplyBatch applies a batch in one transaction, and returns the upload's new state.
	// It reads whether the address book and the list have each contact, and asks
	// Batch.Decide what to do with it. Unless the batch is a dry run, it then inserts,
	// overwrites and adds contacts to the list as decided. It stores what Batch.Settle
	// returns: the stats, the tally, the error rows and the position.
	//
	// If the upload has ended or its list was deleted, ApplyBatch changes no contact, and
	// the returned state says so. The NewList of a dry run cannot be deleted. If the
	// upload's position is not the beginning of the batch, the error is an internal one.
	//
	// The batch's lease becomes the upload's. Its server must have the lease already,
	// even if that has run out. Otherwise nothing changes, and the error is
	// [work.ErrLost].
	ApplyBatch(ctx context.Context, b *Batch) (State, error)

	// Contended reports whether another account has written within about the last second,
	// and may wait for this account's transactions. A store in which transactions of
	// different accounts do not wait for each other returns false.
	Contended(account account.ID) bool

	// RestartUpload resets a running upload to this position and deletes its stats, tally
	// and error rows, in one transaction. It does not change an upload that has ended. It
	// returns the upload's state, or a NotFound fault. It treats the lease as ApplyBatch
	// does.
	RestartUpload(ctx context.Context, account account.ID, sid addressbook.SID, to table.Position, l work.Lease, now time.Time) (State, error)
}

// Batch is a part of an upload's rows, which one transaction adds.
type Batch struct {
	Account  account.ID
	Upload   addressbook.SID
	List     addressbook.SID
	From, To table.Position
	Last     bool // the file has no more rows
	Max      int  // how many contacts the list may have
	// MaxErrorRows and MaxErrorBytes bound the error rows of the whole upload.
	MaxErrorRows  int
	MaxErrorBytes int64
	Time          time.Time  // of the transaction
	Lease         work.Lease // the upload's new lease
	// OnDuplicate tells what to do with a contact that the address book or the list has.
	// UpdateDuplicate overwrites it, if it is in the list afterwards.
	OnDuplicate addressbook.OnDuplicate
	// DryRun means that nothing is added or changed; see Decide.
	DryRun bool
	// Suppresses means that the batch stores Suppressions instead of Contacts. Each of
	// Contacts has the number of the suppression at the same index.
	Suppresses   bool
	Suppressions []suppression.Suppression
	// Contacts have different numbers and the order of their rows.
	Contacts []addressbook.Contact

	note     *audit.Note // of the transaction
	layout   *table.Layout
	words    func(error) string // see Options
	rows     []table.Row
	prepared addressbook.Prepared
	tally    Tally                     // of these rows
	full     error                     // the fault of rows that do not fit into the list
	tried    map[phone.Number]struct{} // the numbers that a dry run would have added to the list so far
	outcomes []Outcome                 // those of the last Settle
	stats    Stats                     // those that the last Settle returned
}

// Standing tells where the number of a contact is before its batch.
type Standing uint8

// The standings.
const (
	Unknown Standing = iota // the address book does not have the number
	Known                   // the address book has it, but the list does not
	Listed                  // the list has it
)

// Outcome is the result of a contact in a batch.
type Outcome uint8

// The outcomes.
const (
	Added  Outcome = iota // it is new, and was added to the list
	Member                // the list had it already
	Full                  // the list has no room for it
	Joined                // the address book had it, and it was added to the list
)

// Decide returns a function that decides what to do with a contact, by its index and
// standing. It must be called for all contacts in their order. Listed is how many
// contacts the list has. In a dry run the store does nothing else, and contacts that
// earlier batches would have added count as added.
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

// Settlement is what a store saves of a batch besides its contacts.
type Settlement struct {
	Stats  Stats
	New    int        // how many rows of Stats.Success have a new contact
	Rows   []ErrorRow // ordered by line
	Errors ErrorTotal // counts Rows, and the error rows that are omitted
	Tally  Tally      // of the whole upload so far
}

// Settle counts the rows, and makes error rows of those that failed or are duplicates. U
// is the upload before the batch, and outcomes are those of the contacts. After the first
// error row that is omitted, all others are omitted too, so the kept ones are always the
// first.
func (b *Batch) Settle(u *Upload, outcomes []Outcome) Settlement {
	b.outcomes = outcomes
	tally := b.tally
	if !b.DryRun && !b.Suppresses {
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
	b.stats = s.Stats
	if b.Last && !b.DryRun {
		b.note.Tell(audit.Change{
			Action: audit.ImportsFinish, Object: b.Upload.String(), Subjects: audit.One(b.List),
			Done: u.Stats.Success + s.Stats.Success, Failed: u.Stats.Failed + s.Stats.Failed,
		})
	}
	return s
}

// added returns what the batch has added to the address book and to the list.
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

// errorRow returns the error row of a row that failed or is a duplicate.
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

// errFull returns the fault of a row that does not fit into a list of this type.
func errFull(t addressbook.ListType) error {
	return fault.New(fault.Invalid, fmt.Sprintf("The list is full: a %s list has at most %d contacts", typeName(t), CapOf(t)))
}
