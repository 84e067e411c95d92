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

// maxFreeColumns is how many free columns a dynamic file may have.
const maxFreeColumns = 5

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

// Layout is what the columns of a file are for.
type Layout struct {
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

// nameOf is the name that a cell of a header stands for, without what nobody sees
// around it. An error file may have it marked. The key of a custom_field may end in
// something that nobody sees.
func nameOf(cell string) string {
	blank := func(r rune) bool { return unicode.IsSpace(r) || isInvisible(r) }
	name, _ := csvcell.Unmark(cell)
	name = strings.TrimLeftFunc(name, blank)
	if _, ok := csvcell.CustomColumn(name); ok {
		return strings.TrimSpace(name)
	}
	return strings.TrimRightFunc(name, blank)
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

// noNumber is the fault of a header without a column of numbers. It shows what
// stands there instead.
func noNumber(header []string) error {
	first := ""
	for _, cell := range header {
		if first = nameOf(cell); first != "" {
			break
		}
	}
	return BadFile("there is no column called number; the first row must name the columns, and it begins with %q", shown(first))
}

// errorHeader returns the header of the error rows, with which they can be uploaded
// without the mapping: columns that are used have the names that they are read by,
// and the others keep their own, unless that would put them to use.
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

// shown cuts a name that is too long to be shown.
func shown(name string) string {
	const most = 64
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return name
}
