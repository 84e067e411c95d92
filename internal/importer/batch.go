package importer

import (
	"fmt"
	"io"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// The sizes of a batch: whichever is reached first.
const (
	// defaultBatchRows keeps the transaction short, since whoever writes
	// meanwhile waits for it.
	defaultBatchRows = 2000
	batchBytes       = 2 << 20
)

// Caps of a list, old contacts and new ones.
const (
	MaxStatic  = 100_000
	MaxDynamic = 500_000
)

// Cap is how many contacts a list of this type may have.
func Cap(t addressbook.ListType) int {
	if t == addressbook.Dynamic {
		return MaxDynamic
	}
	return MaxStatic
}

// Batch is some rows of an upload that are worked in one transaction.
type Batch struct {
	Account  int64
	Upload   addressbook.SID
	List     addressbook.SID
	From, To Position
	Last     bool      // the file has no more rows
	Max      int       // contacts in the list
	At       time.Time // when the batch is done
	// Contacts have distinct numbers and are in the order of their rows.
	Contacts []addressbook.Contact

	layout   *layout
	rows     []row
	prepared addressbook.Prepared
	full     error
}

// Outcome is what became of a contact of a batch.
type Outcome uint8

// The outcomes. A contact that is Added may have been in the address book.
const (
	Added  Outcome = iota // it is in the list now
	Member                // it was in the list
	Full                  // it is not: the list has no room for it
)

// Settlement is what a store keeps of a batch besides contacts.
type Settlement struct {
	Stats Stats
	Rows  []ErrorRow // by line
}

// Settle counts the rows and tells those that failed or are duplicates, given
// what became of each contact.
func (b *Batch) Settle(outcomes []Outcome) Settlement {
	faults := make([]error, len(b.rows))
	for i := range faults {
		faults[i] = b.prepared.Results[i].Fault
	}
	for i, outcome := range outcomes {
		faults[b.prepared.DraftOf[i]] = b.fault(outcome)
	}
	for _, again := range b.prepared.Repeats {
		outcome := outcomes[again.Contact]
		if outcome == Added {
			outcome = Member
		}
		faults[again.Draft] = b.fault(outcome)
	}
	var s Settlement
	for i, err := range faults {
		if err == nil {
			s.Stats.Success++
			continue
		}
		row := ErrorRow{
			Line:   b.rows[i].line,
			Kind:   fault.Invalid,
			Reason: err.Error(),
			Record: b.layout.encode(b.rows[i].cells),
		}
		if f := fault.As(err); f != nil {
			row.Kind, row.Reason = f.Kind, f.Detail
		}
		if row.Kind == fault.Duplicate {
			s.Stats.Duplicate++
		} else {
			s.Stats.Failed++
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

func (b *Batch) fault(outcome Outcome) error {
	switch outcome {
	case Added:
		return nil
	case Member:
		return addressbook.ErrMember
	default:
		return b.full
	}
}

// planner makes batches of the rows of one file.
type planner struct {
	book   *addressbook.Book
	upload Upload
	layout *layout
	rows   *rowReader
	most   int // rows in a batch
	drafts []addressbook.Draft
}

func newPlanner(book *addressbook.Book, u Upload, file io.ReaderAt, most int) (*planner, error) {
	layout, err := readLayout(file, u.Type)
	if err != nil {
		return nil, err
	}
	return &planner{book: book, upload: u, layout: layout, rows: newRowReader(file, u.At), most: most}, nil
}

// next returns the batch that begins where the last one ended.
func (p *planner) next(now time.Time) (*Batch, error) {
	b := &Batch{
		Account: p.upload.Account.ID,
		Upload:  p.upload.SID,
		List:    p.upload.List,
		From:    p.rows.at,
		Max:     Cap(p.upload.Type),
		At:      now,
		layout:  p.layout,
		rows:    make([]row, 0, p.most),
		full:    errFull(p.upload.Type),
	}
	p.drafts = p.drafts[:0]
	// The cells of all rows in one slice, since the reader reuses its own.
	const mostCells = 64 << 10 // to begin with: a header may have very many columns
	cells := make([]string, 0, min(mostCells, p.most*len(p.layout.columns)))
	for len(b.rows) < p.most && p.rows.at.Offset-b.From.Offset < batchBytes {
		r, err := p.rows.next()
		if err == io.EOF {
			b.Last = true
			break
		}
		if err != nil {
			return nil, err
		}
		from := len(cells)
		cells = append(cells, r.cells...)
		r.cells = cells[from:len(cells):len(cells)]
		b.rows = append(b.rows, r)
		p.drafts = append(p.drafts, p.layout.draft(r))
	}
	b.To = p.rows.at
	var err error
	b.prepared, err = p.book.Prepare(p.upload.Account, p.drafts)
	b.Contacts = b.prepared.Contacts
	return b, err
}

// errFull is the fault of a row for which its list has no room.
func errFull(t addressbook.ListType) error {
	return fault.New(fault.Invalid, fmt.Sprintf("The list is full: a %s list has at most %d contacts", typeName(t), Cap(t)))
}
