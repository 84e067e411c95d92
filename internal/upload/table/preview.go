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

// PreviewRows is how many rows a [Preview] has at most.
const PreviewRows = 10

// Preview shows how a file would be read: its columns and its first rows.
type Preview struct {
	Dialect
	HeaderLine int64    // 0 without a header
	Sheets     []string // of a spreadsheet
	Columns    []Column
	Rows       []PreviewRow
	// Fault is why the file cannot be imported so; nil when it can. NoNumber tells
	// that it is so for want of a column of numbers.
	Fault    error
	NoNumber bool
	// LikelyHeader is a line that looks more like the header than the one that was
	// taken; 0 for none. It is only looked for after a Fault.
	LikelyHeader int64

	found *found
}

// Column is one of a file.
type Column struct {
	// Header is the column's cell in the first row.
	Header string
	// Name is what it is read by; see [Mapping]. "" means that it is ignored.
	Name string
	// Reserved tells that the header is one of those that callbook writes for people,
	// such as callbook_reason, and never reads.
	Reserved bool
	// Filled is how many of the first cells, some hundred, of the column of numbers
	// have text, and Numbers how many of these are numbers.
	Filled, Numbers int
}

// PreviewRow is one row of a file.
type PreviewRow struct {
	Line int64 // where it begins in the file, from 1
	// Cells has one for each column, "" for those that the row does not have.
	Cells []string
	// Number is the contact's number as it will be stored; zero when the row
	// has none that is valid.
	Number phone.Number
	// LeftOut is how many further numbers stand in the cell of Number.
	LeftOut int
	// Reason is why the row would fail, as its error row would say; "" when
	// nothing is known against it. Fault is that fault; nil for none.
	Reason string
	Fault  *fault.Error
}

// Prepare applies the rules of the address book to drafts, as
// [addressbook.Book.Prepare] does for an account.
type Prepare func([]addressbook.Draft) (addressbook.Prepared, error)

// NewPreview reads the first rows of a file for a list of this type. Words returns
// the sentence for a row's fault. What is wrong with the file as a whole is a
// fault.
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

// IsNumber reports whether a cell is a number that is valid.
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
		return nil // what the rows say is of no use then
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
