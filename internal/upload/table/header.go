package table

import (
	"bytes"
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

// maxHeaderBytes is how long a header may be that is stored with its upload: some
// thousand columns.
const maxHeaderBytes = 32 << 10

// column is what the cells of one column are for.
type column uint8

const (
	ignored column = iota
	number
	custom   // a value of custom_field, from a column of its own
	variable // the same, from a free column: a text in any case
	whole    // all of custom_field
	reserved // for people to read
	texts    // the first of [addressbook.TextFields]; the others follow
)

// text returns the text that the cells are, if they are one.
func (c column) text() (f addressbook.TextField, ok bool) {
	return addressbook.TextField(c) - addressbook.TextField(texts), c >= texts
}

var knownColumns = func() map[string]column {
	known := map[string]column{
		csvcell.Number:      number,
		csvcell.CustomField: whole,
		csvcell.Line:        reserved,
		csvcell.Code:        reserved,
		csvcell.Reason:      reserved,
		csvcell.SID:         reserved,
		csvcell.Created:     reserved,
		csvcell.Updated:     reserved,
	}
	for i, key := range addressbook.TextKeys() {
		known[key] = texts + column(i)
	}
	return known
}()

// Layout is what a file's header says of its columns.
type Layout struct {
	// Header is the header of the error rows, as CSV without its end of line.
	Header []byte
	// Start is where the first row of contacts begins.
	Start Position

	columns []column
	keys    []string // of custom columns and variables, as csvcell.AppendKey has them
	names   []string // of the same
}

// FieldFile is the field of faults about the file itself, and FieldColumns of those
// about a mapping.
const (
	FieldFile    fault.Field = "file_name"
	FieldColumns fault.Field = "columns"
)

// Columns returns how many columns the file has.
func (l *Layout) Columns() int { return len(l.columns) }

// BadFile returns the fault of a file as a whole.
func BadFile(format string, args ...any) error {
	return fault.InvalidField(FieldFile, fmt.Sprintf(format, args...))
}

// firstRow reads the first row of a file, and tells where the file's text and
// where its second row begin. What is wrong with the file as a whole is a fault.
func firstRow(file io.ReaderAt) (cells []string, first, second Position, err error) {
	if first, err = checkHead(file); err != nil {
		return nil, first, second, err
	}
	r := NewReader(file, first)
	header, err := r.Next()
	switch {
	case err == io.EOF:
		return nil, first, second, BadFile("the file is empty")
	case err != nil:
		return nil, first, second, err
	}
	lone, err := hasLoneCR(file, first.Offset, r.position.Offset)
	switch {
	case err != nil:
		return nil, first, second, err
	case lone:
		return nil, first, second, BadFile("its lines end in CR alone, as those of old Macintosh programs; save it as \"CSV UTF-8\"")
	case header.Fault == errTooLong:
		return nil, first, second, BadFile("the header is longer than %d KiB: a quote may have been left open", maxRowBytes>>10)
	case header.Fault != nil:
		return nil, first, second, BadFile("the header is not valid CSV")
	}
	return header.Cells, first, r.position, nil
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

// ReadLayout reads the header, as the mapping has it. What is wrong with it is
// a fault.
func ReadLayout(file io.ReaderAt, kind addressbook.ListType, m Mapping) (*Layout, error) {
	cells, first, second, err := firstRow(file)
	if err != nil {
		return nil, err
	}
	l, err := newLayout(m.names(cells), kind)
	if err != nil {
		return nil, err
	}
	l.Start = second
	if m.NoHeader {
		l.Start = first
	}
	l.Header = l.encode(m.header(cells, l, func(name string) bool { return purpose(name, kind) != ignored }))
	if len(l.Header) > maxHeaderBytes {
		return nil, BadFile("the header is longer than %d KiB", maxHeaderBytes>>10)
	}
	return l, nil
}

// nameOf is the name that a cell of a header stands for. An error file may have
// it marked.
func nameOf(cell string) string {
	name, _ := csvcell.Unmark(cell)
	return strings.TrimSpace(name)
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
func newLayout(header []string, kind addressbook.ListType) (*Layout, error) {
	l := &Layout{
		columns: make([]column, len(header)),
		keys:    make([]string, len(header)),
		names:   make([]string, len(header)),
	}
	free, seen := 0, make(map[string]bool)
	for i, name := range header {
		if !utf8.ValidString(name) {
			return nil, BadFile("the header is not valid UTF-8; save the file as \"CSV UTF-8\"")
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
				return nil, BadFile("a column is called %s, and no name follows", csvcell.CustomPrefix)
			}
			l.names[i] = key
			l.keys[i] = string(csvcell.AppendKey(nil, key))
			same = csvcell.CustomPrefix + key
		}
		if use != ignored && use != reserved {
			if seen[same] {
				return nil, BadFile("the column %s comes twice", shown(name))
			}
			seen[same] = true
		}
		if use == variable {
			if free++; free > MaxFreeColumns {
				return nil, BadFile("a dynamic file may have up to %d columns besides number and the contact's own fields, and %s is one more",
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
				return BadFile("there are %s between the columns; save it with commas between them, and a column called number", other.name)
			}
		}
	}
	return BadFile("there is no column called number; the first row must name the columns, with commas between them, and it begins with %q", shown(header[0]))
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
		return Position{}, BadFile("the file is UTF-16; save it as \"CSV UTF-8\"")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return Position{}, BadFile("the file is no text but a spreadsheet or an archive; save it as \"CSV UTF-8\"")
	case bytes.IndexByte(head, 0) >= 0:
		return Position{}, BadFile("the file is binary, not text; save it as \"CSV UTF-8\"")
	}
	start := Position{Line: 1}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		start.Offset = 3
	}
	return start, nil
}
