package upload

import (
	"fmt"
	"io"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/upload/table"
)

// Planner makes batches of the rows of one file. The importer and tests of stores use it.
type Planner struct {
	book   *addressbook.Book
	upload Upload
	layout *table.Layout
	plan   table.Plan
	file   io.ReaderAt
	rows   table.Rows
	most   int                // bounds the rows of a batch
	words  func(error) string // see Options
	// ahead has the rows of the next batch, if they were read ahead.
	ahead *reading
	// tried are the numbers that a dry run would have added to the list so far. They are
	// at most as many as the list may have.
	tried map[phone.Number]struct{}
}

// NewPlanner returns a Planner of the upload's rows from u.Position on, with at most this
// many rows in a batch. Words makes the reasons of the error rows. A mistake in the
// header is a fault.
func NewPlanner(book *addressbook.Book, u Upload, file io.ReaderAt, most int, words func(error) string) (*Planner, error) {
	p := &Planner{book: book, upload: u, plan: u.Plan, file: file, most: most, words: words}
	var err error
	if p.plan.IsZero() {
		if p.plan, err = table.OldPlan(file, u.Type, u.Mapping); err != nil {
			return nil, err
		}
	}
	if p.layout, err = p.plan.Layout(u.Type); err != nil {
		return nil, err
	}
	if u.DryRun {
		p.tried = make(map[phone.Number]struct{})
	}
	return p, nil
}

// begun reports whether batches were applied before this planner was made.
func (p *Planner) begun() bool { return p.upload.Position != p.plan.Start }

// restart goes back to the first row and returns its position.
func (p *Planner) restart() table.Position {
	p.close()
	p.upload.Position = p.plan.Start
	return p.plan.Start
}

// held returns how many bytes the planner holds between batches: the texts of a
// spreadsheet, and the rows that were read ahead.
func (p *Planner) held() (bytes int64) {
	if rows, ok := p.rows.(interface{ Held() int64 }); ok {
		bytes = rows.Held()
	}
	if p.ahead != nil {
		bytes += int64(p.ahead.bytes)
	}
	return bytes
}

// reading is the rows of a batch and the drafts made of them.
type reading struct {
	from, to table.Position
	last     bool // the file has no more rows
	rows     []table.Row
	drafts   []addressbook.Draft
	bytes    int // about how much memory rows and drafts take
	err      error
}

// close closes the file, and drops the rows that were read ahead. The next batch opens
// the file again.
func (p *Planner) close() {
	if p.rows == nil {
		return
	}
	p.upload.Position = p.rows.Position()
	if p.ahead != nil {
		p.upload.Position, p.ahead = p.ahead.from, nil
	}
	if rows, ok := p.rows.(io.Closer); ok {
		rows.Close() // an error after reading does not matter
	}
	p.rows = nil
}

// open opens the file at the upload's position, unless it is open.
func (p *Planner) open() (err error) {
	if p.rows == nil {
		p.rows, err = p.plan.Open(p.file, p.upload.Size, p.upload.Position)
	}
	return err
}

// Next returns the batch after the last one. If that was not applied, the planner must
// not be used again.
func (p *Planner) Next(now time.Time) (*Batch, error) {
	if p.ahead == nil {
		p.readAhead()
	}
	read := p.ahead
	p.ahead = nil
	if read.err != nil {
		return nil, read.err
	}
	b := &Batch{
		Account:       p.upload.Account.ID,
		Upload:        p.upload.SID,
		List:          p.upload.List,
		From:          read.from,
		To:            read.to,
		Last:          read.last,
		Max:           CapOf(p.upload.Type),
		MaxErrorRows:  MaxErrorRows,
		MaxErrorBytes: MaxErrorBytes,
		Time:          now,
		OnDuplicate:   p.upload.OnDuplicate,
		DryRun:        p.upload.DryRun,
		layout:        p.layout,
		words:         p.words,
		rows:          read.rows,
		full:          errFull(p.upload.Type),
		tried:         p.tried,
		Suppresses:    p.upload.Suppresses,
	}
	prepared, err := p.book.Prepare(p.upload.Account, read.drafts)
	if err != nil {
		return nil, err
	}
	if b.OnDuplicate == addressbook.UpdateDuplicate {
		prepared.Fold(read.drafts)
	}
	b.prepared, b.Contacts = prepared, prepared.Contacts
	b.count()
	if b.Suppresses {
		b.suppress(&p.plan)
	}
	return b, nil
}

// count adds to the tally: the rows by country, the numbers that were left out, and the
// invalid e-mails.
func (b *Batch) count() {
	countries := make(map[string]int)
	rows := make([]int, len(b.Contacts))
	for _, again := range b.prepared.Repeats {
		rows[again.Contact]++
	}
	for i := range b.Contacts {
		country, _ := b.Contacts[i].Number.Origin()
		countries[country] += 1 + rows[i]
		if email := b.Contacts[i].Texts[addressbook.Email].Value; email != "" && !addressbook.CanBeEmail(email) {
			if b.tally.BadEmails++; len(b.tally.BadEmailLines) < MaxEmailLines {
				b.tally.BadEmailLines = append(b.tally.BadEmailLines, b.rows[b.prepared.DraftOf[i]].Line)
			}
		}
	}
	b.tally.Countries = countries
	for i := range b.prepared.Results {
		b.tally.LeftOut += b.prepared.Results[i].LeftOut
	}
}

// readAhead reads the rows of the next batch. It may run while the current batch is
// applied, but must return before any other method is called. If it panics, the next
// batch has the error.
func (p *Planner) readAhead() {
	read := &reading{}
	p.ahead = read
	defer func() {
		if p := recover(); p != nil {
			read.err = fmt.Errorf("panic: %T", p)
		}
	}()
	if read.err = p.open(); read.err == nil {
		read.from = p.rows.Position()
		read.err = p.read(read)
		read.to = p.rows.Position()
	}
}

// read reads the rows of a batch, and makes drafts of them.
func (p *Planner) read(to *reading) error {
	to.rows = make([]table.Row, 0, p.most)
	to.drafts = make([]addressbook.Draft, 0, p.most)
	// The reader reuses its cells, so they are copied. One slice has the cells of all
	// rows.
	const mostCells = 64 << 10 // the initial capacity; a header may have very many columns
	cells := make([]string, 0, min(mostCells, p.most*p.layout.Columns()))
	for len(to.rows) < p.most && to.bytes < batchBytes {
		r, err := p.rows.Next()
		if err == io.EOF {
			to.last = true
			break
		}
		if err != nil {
			return err
		}
		from := len(cells)
		cells = append(cells, r.Cells...)
		r.Cells = cells[from:len(cells):len(cells)]
		to.rows = append(to.rows, r)
		draft := p.layout.Draft(r)
		if p.upload.Suppresses { // other fields do not matter
			only := addressbook.Draft{Number: draft.Number, FirstNumber: true}
			if !draft.Number.Given {
				only.Fault = draft.Fault
			}
			draft = only
		}
		to.drafts = append(to.drafts, draft)
		to.bytes += rowBytes + r.Bytes()
	}
	return nil
}

// Applied must be called after a store has applied a batch. In a dry run, it adds the
// batch's contacts to those that would be in the list.
func (p *Planner) Applied(b *Batch) {
	if !b.DryRun {
		return
	}
	for i, outcome := range b.outcomes {
		if outcome == Added || outcome == Joined {
			p.tried[b.Contacts[i].Number] = struct{}{}
		}
	}
}
