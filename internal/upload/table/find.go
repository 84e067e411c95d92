package table

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
	"callbook/internal/fault"
	"callbook/internal/xlsx"
)

// titleRows is how many rows may precede the header.
const titleRows = 20

// found is a file whose dialect and header were found.
type found struct {
	plan   Plan
	header []string  // the cells of the first row, if the file has no header
	rows   []headRow // the first rows after the header
	sheets []string  // of a spreadsheet
}

// lookAt finds the dialect and the header of a file, as far as the mapping does not set
// them. A mistake in the file as a whole is a fault.
func lookAt(file io.ReaderAt, size int64, m Mapping) (*found, error) {
	f := &found{}
	rows, start, err := f.readHead(file, size, m)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, BadFile("the file is empty")
	}
	at := headerIn(rows)
	if m.HeaderLine > 0 {
		at = slices.IndexFunc(rows, func(r headRow) bool { return r.Line == m.HeaderLine })
		if at < 0 {
			return nil, BadFile("there is no row in line %d, among the first %d rows", m.HeaderLine, headRows)
		}
	}
	if m.NoHeader {
		at = max(0, at)
		if m.HeaderLine == 0 {
			at = 0
		}
	}
	header := rows[at]
	switch {
	case header.Fault == errTooLong:
		return nil, BadFile("the header is longer than %d KiB: a quote may have been left open", maxRowBytes>>10)
	case header.Fault != nil:
		return nil, BadFile("the header is not valid CSV")
	}
	f.header, f.rows = header.Cells, rows[at+1:]
	f.plan.HeaderLine, f.plan.Start = header.Line, header.next
	if m.NoHeader {
		f.rows, f.plan.HeaderLine, f.plan.Start = rows[at:], 0, start
		if at > 0 {
			f.plan.Start = rows[at-1].next
		}
	}
	return f, nil
}

// readHead finds the file's dialect, and returns its first rows and their beginning.
func (f *found) readHead(file io.ReaderAt, size int64, m Mapping) ([]headRow, Position, error) {
	begin, err := readAt(file, 4)
	if err != nil {
		return nil, Position{}, err
	}
	if bytes.Equal(begin, []byte("PK\x03\x04")) {
		return f.readSheet(file, size, m.Sheet)
	}
	h, err := readHead(file, Dialect{Encoding: m.Encoding, Separator: m.Separator})
	if err != nil {
		return nil, Position{}, err
	}
	if h.dialect.Separator == "" {
		if err := h.detectSeparator(); err != nil {
			return nil, Position{}, err
		}
	}
	f.plan.Dialect = h.dialect
	rows, err := h.rows(h.dialect.Separator)
	return rows, h.start, err
}

// readSheet is readHead for the sheet with this name in a spreadsheet, or the first sheet
// for "".
func (f *found) readSheet(file io.ReaderAt, size int64, name string) ([]headRow, Position, error) {
	book, err := xlsx.Open(file, size)
	if err != nil {
		return nil, Position{}, badSheet(err)
	}
	f.sheets = book.Sheets()
	if name == "" {
		name = f.sheets[0]
	}
	f.plan.Dialect = Dialect{Encoding: XLSX, Sheet: name}
	start := Position{Line: 1}
	rows, err := rowsOf(book, size, name, start)
	if err != nil {
		return nil, Position{}, err
	}
	defer rows.Close()
	head, err := firstRows(rows)
	return head, start, err
}

// headerIn returns the index of the header: the first row that names a column of numbers.
// Unless it is the very first row, it must also be wider than all rows above it, and have
// no numbers itself. Without such a row, the first row is the header.
func headerIn(rows []headRow) int {
	widest := 0
	for i, row := range rows[:min(len(rows), titleRows)] {
		cells := withoutBlankEnd(row.Cells)
		if row.Fault == nil && namesNumbers(cells) && (i == 0 || len(cells) > widest && !slices.ContainsFunc(cells, looksLikeNumber)) {
			return i
		}
		widest = max(widest, filledIn(cells))
	}
	return 0
}

// filledIn counts the cells that have text.
func filledIn(cells []string) int {
	n := 0
	for _, cell := range cells {
		if !isBlank(cell) {
			n++
		}
	}
	return n
}

// namesNumbers reports whether a cell of a header names a column of numbers.
func namesNumbers(cells []string) bool {
	return slices.ContainsFunc(cells, func(cell string) bool { return rankOf(csvcell.Number, plainName(cell)) > 0 })
}

// names returns the names under which the columns are read.
func (f *found) names(kind addressbook.ListType, m Mapping, isNumber func(string) bool) []string {
	if m.Columns != nil {
		return m.names(f.header)
	}
	if isNumber == nil {
		isNumber = looksLikeNumber
	}
	if kind == addressbook.Dynamic {
		// In a dynamic list the other columns are variables, whatever their names are.
		return spell(f.header, f.rows, isNumber, csvcell.Number)
	}
	return spell(f.header, f.rows, isNumber, fields...)
}

// explain adds to a fault of the header the line that looks like the real one.
func (f *found) explain(err error) error {
	if line := f.likelyHeader(); line > 0 && fault.As(err) != nil {
		return BadFile("there is no column of numbers in line %d; line %d looks like the header", f.plan.HeaderLine, line)
	}
	return err
}

// likelyHeader returns a line after the header that looks more like a header, or 0.
func (f *found) likelyHeader() int64 {
	if f.plan.HeaderLine == 0 {
		return 0
	}
	for _, row := range f.rows[:min(len(f.rows), titleRows)] {
		if row.Fault == nil && namesNumbers(row.Cells) && !slices.ContainsFunc(row.Cells, looksLikeNumber) {
			return row.Line
		}
	}
	return 0
}

// looksLikeNumber reports whether a cell has about as many digits as a telephone number
// and little else, and is neither a date nor an amount.
func looksLikeNumber(cell string) bool {
	digits, others := 0, 0
	cell = strings.TrimSpace(cell)
	for _, r := range cell {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case !strings.ContainsRune("+-. ()/='\"", r):
			others++
		}
	}
	return digits >= 7 && digits <= 16 && others <= 2 && !looksLikeDate(cell)
}

// looksLikeDate reports whether a cell begins with a date in digits: three parts, of
// which either one is a year of four digits, or all have at most two digits.
func looksLikeDate(cell string) bool {
	date := cell
	if end := strings.IndexAny(cell, "T ,;:"); end >= 0 {
		date = cell[:end]
	}
	for _, between := range []string{"-", "/", "."} {
		parts := strings.Split(date, between)
		if len(parts) != 3 {
			continue
		}
		years := 0
		for i, part := range parts {
			n := len(part)
			switch {
			case strings.Trim(part, "0123456789") != "":
				return false
			case n == 4 && i != 1 && (part[:2] == "19" || part[:2] == "20"):
				years++
			case n == 0 || n > 2:
				return false
			}
		}
		return years <= 1
	}
	return false
}
