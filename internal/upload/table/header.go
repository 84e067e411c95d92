package table

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
	"callbook/internal/fault"
)

// maxFreeColumns bounds the columns for variables in a file for a dynamic list.
const maxFreeColumns = 5

// maxHeaderBytes bounds the stored header, which suffices for some thousand columns.
const maxHeaderBytes = 32 << 10

// column is what the cells of one column are for.
type column uint8

const (
	ignored column = iota
	number
	custom   // a value of custom_field, in a column of its own
	variable // like custom, in a column of a dynamic list; always a text
	whole    // the whole custom_field
	reserved // written by callbook for people, never read
	texts    // the first of [addressbook.TextFields]; the others follow it
)

// text returns the text field that the column has. Ok is false if it has none.
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

// Layout tells what each column of a file is for.
type Layout struct {
	columns []column
	keys    []string // the keys of custom columns and variables, encoded by csvcell.AppendKey
	names   []string // their names
}

// FieldFile is the field of faults about the file itself. FieldColumns is that of faults
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

// nameOf returns the name in a cell of a header, without invisible characters around it,
// and without the mark that error files may have. The key of a custom_field keeps
// invisible characters at its end.
func nameOf(cell string) string {
	blank := func(r rune) bool { return unicode.IsSpace(r) || isInvisible(r) }
	name, _ := csvcell.Unmark(cell)
	name = strings.TrimLeftFunc(name, blank)
	if _, ok := csvcell.CustomColumn(name); ok {
		return strings.TrimSpace(name)
	}
	return strings.TrimRightFunc(name, blank)
}

// purpose returns what a column with this name is for.
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

// newLayout makes a layout from the names of the columns. A mistake in them is a fault.
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
		same := strings.ToLower(name) // two columns must not have the same purpose
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
			if free++; free > maxFreeColumns {
				return nil, BadFile("a dynamic file may have up to %d columns besides number and the contact's own fields, and %s is one more",
					maxFreeColumns, shown(name))
			}
		}
	}
	if !seen[csvcell.Number] {
		return nil, noNumber(header)
	}
	return l, nil
}

// noNumber returns the fault of a header without a column of numbers. It quotes the
// header.
func noNumber(header []string) error {
	first := ""
	for _, cell := range header {
		if first = nameOf(cell); first != "" {
			break
		}
	}
	return BadFile("there is no column called number; the first row must name the columns, and it begins with %q", shown(first))
}

// errorHeader returns the header of the error rows. They can be uploaded again without
// the mapping: a column that is used has the name under which it was read, and any other
// keeps its own name, unless that would make it used.
func (l *Layout) errorHeader(header, names []string, kind addressbook.ListType, noHeader bool) []string {
	all := make([]string, len(names))
	for i, name := range names {
		if l.columns[i] != ignored {
			all[i] = name
		} else if !noHeader && purpose(header[i], kind) == ignored && fieldCalled(header[i]) == "" {
			all[i] = header[i]
		}
	}
	return all
}

// shown shortens a name that is too long to be shown.
func shown(name string) string {
	const most = 64
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return name
}
