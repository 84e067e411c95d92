package table

import (
	"io"
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// PreviewRows bounds the rows of a [Preview].
const PreviewRows = 10

// Preview shows how a file would be read: its columns and its first rows.
type Preview struct {
	Dialect
	HeaderLine int64    // 0 without a header
	Sheets     []string // of a spreadsheet
	Columns    []Column
	Rows       []PreviewRow
	// Fault is why the file cannot be imported in this way, or nil. NoNumber means that
	// it has no column of numbers.
	Fault    error
	NoNumber bool
	// LikelyHeader is a line that looks more like the header than HeaderLine; 0 if there
	// is none. It is set only with a Fault.
	LikelyHeader int64

	found *found
}

// Column is a column of a file.
type Column struct {
	// Header is the cell in the header, or in the first row if there is no header.
	Header string
	// Name is the name under which it is read, as in a [Mapping]; "" means that it is
	// ignored.
	Name string
	// Reserved means that callbook writes such a column for people, for example
	// callbook_reason, and never reads it.
	Reserved bool
	// Filled is how many of the first cells in the column of numbers have text. Numbers
	// is how many of these are numbers.
	Filled, Numbers int
}

// PreviewRow is a row of a file.
type PreviewRow struct {
	Line int64 // the line in the file where the row begins, from 1
	// Cells has an entry for each column, "" for a missing cell.
	Cells []string
	// Number is the number that would be stored; zero if it is not valid.
	Number phone.Number
	// LeftOut is how many further numbers the cell has.
	LeftOut int
	// Fault is why the row would fail, or nil. Reason is the sentence for it, as in an
	// error row.
	Reason string
	Fault  *fault.Error
}

// Prepare applies the rules of the address book to drafts, as
// [addressbook.Book.Prepare] does for an account.
type Prepare func([]addressbook.Draft) (addressbook.Prepared, error)

// NewPreview reads the first rows of a file for a list of this type. Words returns the
// sentence for a row's fault. A mistake in the file as a whole is a fault.
func NewPreview(file io.ReaderAt, size int64, kind addressbook.ListType, m Mapping, prepare Prepare, words func(error) string) (Preview, error) {
	f, err := lookAt(file, size, m)
	if err != nil {
		return Preview{}, err
	}
	names := f.names(kind, m, prepare.IsNumber)
	p := Preview{Dialect: f.plan.Dialect, HeaderLine: f.plan.HeaderLine}
	for i, cell := range f.header {
		c := Column{Header: legible(cell)}
		if use := purpose(names[i], kind); use != ignored && use != reserved {
			c.Name = nameOf(names[i])
		}
		c.Reserved = purpose(cell, kind) == reserved
		p.Columns = append(p.Columns, c)
	}
	l, err := newLayout(names, kind)
	if err != nil {
		p.Fault, l = f.explain(err), &Layout{columns: make([]column, len(f.header))}
		p.LikelyHeader = f.likelyHeader()
		p.NoNumber = !slices.ContainsFunc(p.Columns, func(c Column) bool { return strings.EqualFold(c.Name, csvcell.Number) })
	}
	p.found, p.Sheets = f, f.sheets
	p.countNumbers(prepare.IsNumber)
	return p, p.readRows(f.rows, l, prepare, words)
}

// IsNumber reports whether a cell is a valid number.
func (prepare Prepare) IsNumber(cell string) bool {
	number, _ := csvcell.Unmark(cell)
	if looksLikeDate(strings.TrimSpace(number)) {
		return false
	}
	prepared, err := prepare([]addressbook.Draft{{Number: addressbook.Given(number), FirstNumber: true}})
	return err == nil && len(prepared.Contacts) == 1
}

func (p *Preview) readRows(rows []headRow, l *Layout, prepare Prepare, words func(error) string) error {
	var drafts []addressbook.Draft
	for _, r := range rows[:min(len(rows), PreviewRows)] {
		drafts = append(drafts, l.Draft(r.Row))
		row := PreviewRow{Line: r.Line, Cells: make([]string, len(l.columns))}
		for i := range min(len(r.Cells), len(row.Cells)) {
			row.Cells[i] = legible(r.Cells[i])
		}
		p.Rows = append(p.Rows, row)
	}
	if p.Fault != nil {
		return nil // results of rows would be meaningless then
	}
	prepared, err := prepare(drafts)
	if err != nil {
		return err
	}
	for i, result := range prepared.Results {
		p.Rows[i].LeftOut = result.LeftOut
		if f := fault.As(result.Fault); f != nil {
			p.Rows[i].Reason, p.Rows[i].Fault = words(f), f
		}
	}
	for i, row := range prepared.DraftOf {
		p.Rows[row].Number = prepared.Contacts[i].Number
	}
	for _, repeat := range prepared.Repeats {
		p.Rows[repeat.Draft].Number = prepared.Contacts[repeat.Contact].Number
	}
	return nil
}
