package importer

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// MaxFreeColumns is how many free columns a dynamic file may have.
const MaxFreeColumns = 5

// customPrefix begins, in any case, the name of a column whose cells go into
// the contact's custom_field under the rest of the name.
const customPrefix = "custom_field."

// The columns that stand before a file's own in its error rows. An upload
// passes over them, so that the rows can be mended and uploaded as they are.
const (
	lineColumn   = "callbook_line"
	codeColumn   = "callbook_code"
	reasonColumn = "callbook_reason"
)

// ErrorColumns are the names of the columns that stand before a file's own in
// its error rows: the row's line, the code of what is wrong with it, and the
// reason.
var ErrorColumns = []string{lineColumn, codeColumn, reasonColumn}

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
	custom   // a value of custom_field
	reserved // one of ErrorColumns
)

var knownColumns = map[string]column{
	"number":       number,
	"first_name":   firstName,
	"last_name":    lastName,
	"company_name": companyName,
	"email":        email,
	"tag":          tag,
	lineColumn:     reserved,
	codeColumn:     reserved,
	reasonColumn:   reserved,
}

// layout is what a file's header says of its columns.
type layout struct {
	columns []column
	keys    []string // of custom columns, as the beginning of a JSON member
	names   []string // of custom columns
	record  []byte   // the header of the error rows
	rows    Position // where the first row begins
}

// badFile is the fault of a file as a whole.
func badFile(format string, args ...any) error {
	return fault.New(fault.Invalid, "Invalid FileName: "+fmt.Sprintf(format, args...))
}

// readLayout reads the header. What is wrong with it is a fault.
func readLayout(file io.ReaderAt, kind addressbook.ListType) (*layout, error) {
	start, err := checkHead(file)
	if err != nil {
		return nil, err
	}
	r := newRowReader(file, start)
	header, err := r.next()
	switch {
	case err == io.EOF:
		return nil, badFile("the file is empty")
	case err != nil:
		return nil, err
	case header.fault != nil:
		return nil, badFile("the header is not valid CSV")
	}
	l := &layout{
		columns: make([]column, len(header.cells)),
		keys:    make([]string, len(header.cells)),
		names:   make([]string, len(header.cells)),
		rows:    r.at,
	}
	free, seen := 0, make(map[string]bool)
	for i, name := range header.cells {
		if !utf8.ValidString(name) {
			return nil, badFile("the header is not valid UTF-8; save the file as \"CSV UTF-8\"")
		}
		name = strings.TrimSpace(name)
		lower := strings.ToLower(name)
		known, ok := knownColumns[lower]
		isFree := false
		key, isCustom := name, strings.HasPrefix(lower, customPrefix)
		switch {
		case ok:
			l.columns[i] = known
		case isCustom:
			key = name[len(customPrefix):]
			if key == "" {
				return nil, badFile("a column is called %s, and no name follows", customPrefix)
			}
			l.columns[i] = custom
		case kind == addressbook.Dynamic && name != "":
			l.columns[i] = custom
			free++
			isFree = true
		}
		if l.columns[i] == custom {
			l.names[i] = key
			l.keys[i] = string(appendJSON(nil, key)) + ":"
			lower = customPrefix + key
		}
		if l.columns[i] != ignored && l.columns[i] != reserved {
			if seen[lower] {
				return nil, badFile("the column %s comes twice", shown(name))
			}
			seen[lower] = true
		}
		if isFree && free > MaxFreeColumns {
			return nil, badFile("a dynamic file may have up to %d columns besides number and the contact's own fields, and %s is one more",
				MaxFreeColumns, shown(name))
		}
	}
	if !seen["number"] {
		return nil, badFile("there is no column called number; the first row must name the columns, with commas between them")
	}
	l.record = l.encode(header.cells)
	return l, nil
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
		return Position{}, badFile("the file is binary, not text")
	}
	start := Position{Line: 1}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		start.Offset = 3
	}
	return start, nil
}

// encode writes cells as CSV without an end of line, and without those of
// reserved columns. What is not UTF-8 is taken for Latin-1: the rows that have
// it fail, and are to be seen as they were meant.
func (l *layout) encode(cells []string) []byte {
	kept := make([]string, 0, len(cells))
	for i, cell := range cells {
		if i < len(l.columns) && l.columns[i] == reserved {
			continue
		}
		if !utf8.ValidString(cell) {
			runes := make([]rune, len(cell))
			for i := range len(cell) {
				runes[i] = rune(cell[i])
			}
			cell = string(runes)
		}
		kept = append(kept, cell)
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	// A buffer takes everything, and the comma is a good one.
	_ = w.Write(kept)
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// draft makes a draft of a row. Cells that the row does not have are empty, and
// an empty cell is a field that was never given: a spreadsheet cannot tell the
// two apart.
func (l *layout) draft(r row) addressbook.Draft {
	if r.fault != nil {
		return addressbook.Draft{Fault: r.fault}
	}
	if len(r.cells) > len(l.columns) {
		return addressbook.Draft{Fault: fault.New(fault.Invalid,
			fmt.Sprintf("The row has %d cells, and the header %d", len(r.cells), len(l.columns)))}
	}
	var d addressbook.Draft
	var object []byte
	for i, cell := range r.cells {
		switch l.columns[i] {
		case number:
			d.Number = addressbook.Given(cell)
		case firstName:
			d.FirstName = trimmed(cell)
		case lastName:
			d.LastName = trimmed(cell)
		case companyName:
			d.CompanyName = trimmed(cell)
		case email:
			d.Email = trimmed(cell)
		case tag:
			d.Tag = given(cell)
		case custom:
			if cell == "" {
				continue
			}
			if !utf8.ValidString(cell) {
				d.Fault = fault.New(fault.Invalid, "Invalid "+shown(l.names[i])+": not valid UTF-8")
				continue
			}
			if object == nil {
				object = append(object, '{')
			} else {
				object = append(object, ',')
			}
			object = append(object, l.keys[i]...)
			object = appendJSON(object, cell)
		}
	}
	if object != nil {
		d.CustomField = string(append(object, '}'))
	}
	return d
}

// trimmed is for what is typed into spreadsheets with blanks around it.
func trimmed(cell string) addressbook.Text { return given(strings.TrimSpace(cell)) }

func given(cell string) addressbook.Text {
	return addressbook.Text{Value: cell, Given: cell != ""}
}

// appendJSON appends valid UTF-8 as a JSON string.
func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
