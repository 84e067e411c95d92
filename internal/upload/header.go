package upload

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
	"callbook/internal/fault"
)

// MaxFreeColumns is how many free columns a dynamic file may have.
const MaxFreeColumns = 5

// maxHeaderBytes is how long a header may be that is kept with its upload: some
// thousand columns.
const maxHeaderBytes = 32 << 10

// ErrorColumns are the names of the columns that stand before a file's own in
// its error rows: the row's line, the code of what is wrong with it, and the
// reason.
var ErrorColumns = []string{csvcell.Line, csvcell.Code, csvcell.Reason}

// column is what the cells of one column are for.
type column uint8

const (
	ignored column = iota
	number
	firstName
	lastName
	companyName
	email
	tag
	custom   // a value of custom_field, from a column of its own
	variable // the same, from a free column: a text in any case
	whole    // all of custom_field
	reserved // for people to read
)

var knownColumns = map[string]column{
	csvcell.Number:      number,
	csvcell.FirstName:   firstName,
	csvcell.LastName:    lastName,
	csvcell.CompanyName: companyName,
	csvcell.Email:       email,
	csvcell.Tag:         tag,
	csvcell.CustomField: whole,
	csvcell.Line:        reserved,
	csvcell.Code:        reserved,
	csvcell.Reason:      reserved,
	csvcell.SID:         reserved,
	csvcell.Created:     reserved,
	csvcell.Updated:     reserved,
}

// layout is what a file's header says of its columns.
type layout struct {
	columns []column
	keys    []string // of custom columns and variables, as csvcell.AppendKey has them
	names   []string // of the same
	record  []byte   // the header of the error rows
	rows    Position // where the first row begins
}

// badFile is the fault of a file as a whole.
func badFile(format string, args ...any) error {
	return fault.New(fault.Invalid, "Invalid FileName: "+fmt.Sprintf(format, args...))
}

// firstRow reads the first row of a file, and tells where the file's text and
// where its second row begin. What is wrong with the file as a whole is a fault.
func firstRow(file io.ReaderAt) (cells []string, first, second Position, err error) {
	if first, err = checkHead(file); err != nil {
		return nil, first, second, err
	}
	r := newRowReader(file, first)
	header, err := r.next()
	switch {
	case err == io.EOF:
		return nil, first, second, badFile("the file is empty")
	case err != nil:
		return nil, first, second, err
	}
	lone, err := hasLoneCR(file, first.Offset, r.at.Offset)
	switch {
	case err != nil:
		return nil, first, second, err
	case lone:
		return nil, first, second, badFile("its lines end in CR alone, as those of old Macintosh programs; save it as \"CSV UTF-8\"")
	case header.fault == errTooLong:
		return nil, first, second, badFile("the header is longer than %d KiB: a quote may have been left open", maxRowBytes>>10)
	case header.fault != nil:
		return nil, first, second, badFile("the header is not valid CSV")
	}
	return header.cells, first, r.at, nil
}

// hasLoneCR tells whether a part of a file has a CR that ends a line where no LF
// follows. CSV knows no such ends: all that comes up to the next LF, be it the
// whole file, would be one row.
func hasLoneCR(file io.ReaderAt, from, to int64) (bool, error) {
	row := make([]byte, min(to-from, maxRowBytes))
	if n, err := file.ReadAt(row, from); n < len(row) {
		return false, err
	}
	quoted := false
	for i, c := range row {
		switch {
		case c == '"':
			quoted = !quoted
		case c != '\r' || quoted || i+1 == len(row):
		case row[i+1] != '\r' && row[i+1] != '\n':
			return true, nil
		}
	}
	return false, nil
}

// readLayout reads the header, as the mapping has it. What is wrong with it is
// a fault.
func readLayout(file io.ReaderAt, kind addressbook.ListType, m Mapping) (*layout, error) {
	cells, first, second, err := firstRow(file)
	if err != nil {
		return nil, err
	}
	l, err := newLayout(m.names(cells), kind)
	if err != nil {
		return nil, err
	}
	l.rows = second
	if m.NoHeader {
		l.rows = first
	}
	l.record = l.encode(m.header(cells, l, func(name string) bool { return purpose(name, kind) != ignored }))
	return l, nil
}

// nameOf is the name that a cell of a header stands for. An error file may have
// it marked.
func nameOf(cell string) string {
	name, _ := csvcell.Unmark(cell)
	return strings.TrimSpace(name)
}

// ErrorHeader is Header without what a spreadsheet would run: such cells are
// marked as those of error rows are, and an upload reads the same names again.
func (u *Upload) ErrorHeader() []byte {
	r := csv.NewReader(bytes.NewReader(u.Header))
	cells, err := r.Read()
	if err != nil {
		return u.Header // it has no cells
	}
	for i, cell := range cells {
		if csvcell.Runs(cell) {
			cells[i] = csvcell.Mark(cell)
		}
	}
	return encodeRecord(cells)
}

// purpose is what the cells below this name in a header are for.
func purpose(name string, kind addressbook.ListType) column {
	name = nameOf(name)
	if known, ok := knownColumns[strings.ToLower(name)]; ok {
		return known
	}
	if _, ok := csvcell.CustomColumn(name); ok {
		return custom
	}
	if kind == addressbook.Dynamic && name != "" {
		return variable
	}
	return ignored
}

// newLayout makes a layout of the names of the columns. What is wrong with them
// is a fault.
func newLayout(header []string, kind addressbook.ListType) (*layout, error) {
	l := &layout{
		columns: make([]column, len(header)),
		keys:    make([]string, len(header)),
		names:   make([]string, len(header)),
	}
	free, seen := 0, make(map[string]bool)
	for i, name := range header {
		if !utf8.ValidString(name) {
			return nil, badFile("the header is not valid UTF-8; save the file as \"CSV UTF-8\"")
		}
		use := purpose(name, kind)
		name = nameOf(name)
		l.columns[i] = use
		same := strings.ToLower(name) // of columns that are for one thing
		if use == custom || use == variable {
			key := name
			if use == custom {
				key, _ = csvcell.CustomColumn(name)
			}
			if key == "" {
				return nil, badFile("a column is called %s, and no name follows", csvcell.CustomPrefix)
			}
			l.names[i] = key
			l.keys[i] = string(csvcell.AppendKey(nil, key))
			same = csvcell.CustomPrefix + key
		}
		if use != ignored && use != reserved {
			if seen[same] {
				return nil, badFile("the column %s comes twice", shown(name))
			}
			seen[same] = true
		}
		if use == variable {
			if free++; free > MaxFreeColumns {
				return nil, badFile("a dynamic file may have up to %d columns besides number and the contact's own fields, and %s is one more",
					MaxFreeColumns, shown(name))
			}
		}
	}
	if !seen[csvcell.Number] {
		return nil, noNumber(header)
	}
	return l, nil
}

// noNumber is the fault of a header without a column called number. It shows
// what stands there instead, and which other character parts the columns, as in
// what spreadsheets save where the comma is the decimal point.
func noNumber(header []string) error {
	if len(header) == 1 {
		for _, other := range []struct{ mark, name string }{{";", "semicolons"}, {"\t", "tabs"}, {"|", "bars"}} {
			if strings.Contains(header[0], other.mark) {
				return badFile("there are %s between the columns; save it with commas between them, and a column called number", other.name)
			}
		}
	}
	return badFile("there is no column called number; the first row must name the columns, with commas between them, and it begins with %q", shown(header[0]))
}

// shown cuts a name that is too long to be shown.
func shown(name string) string {
	const most = 64
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return name
}

// checkHead refuses a file that is no text, and returns where its text begins.
func checkHead(file io.ReaderAt) (Position, error) {
	head := make([]byte, 4096)
	n, err := file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return Position{}, err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return Position{}, badFile("the file is UTF-16; save it as \"CSV UTF-8\"")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return Position{}, badFile("the file is no text but a spreadsheet or an archive; save it as \"CSV UTF-8\"")
	case bytes.IndexByte(head, 0) >= 0:
		return Position{}, badFile("the file is binary, not text; save it as \"CSV UTF-8\"")
	}
	start := Position{Line: 1}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		start.Offset = 3
	}
	return start, nil
}

// encode writes cells as CSV without an end of line, and without those of
// reserved columns. Rows with what is not UTF-8 fail, and are to be seen as they
// were meant.
func (l *layout) encode(cells []string) []byte {
	kept := make([]string, 0, len(cells))
	for i, cell := range cells {
		if i < len(l.columns) && l.columns[i] == reserved {
			continue
		}
		kept = append(kept, legible(cell))
	}
	return encodeRecord(kept)
}

// encodeRecord writes cells as CSV without an end of line.
func encodeRecord(cells []string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	// A buffer takes everything, and the comma is a good one.
	_ = csvcell.WriteRecord(w, cells)
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// legible is a cell as it can be shown. What is not UTF-8 is taken for Latin-1.
func legible(cell string) string {
	if utf8.ValidString(cell) {
		return cell
	}
	runes := make([]rune, len(cell))
	for i := range len(cell) {
		runes[i] = rune(cell[i])
	}
	return string(runes)
}
