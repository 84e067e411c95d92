package table

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"callbook/internal/fault"
)

// Mapping tells what the columns of a file are for where its header does not.
// The zero Mapping leaves it to the header.
type Mapping struct {
	// Columns are the names that the columns are read by, as a header has them:
	// number, first_name, custom_field.NAME and so on; "" ignores one. A
	// column that has no entry is ignored. Nil takes the header's own names.
	Columns []string `json:"columns,omitempty"`
	// NoHeader tells that the first row is a contact's already. It needs Columns.
	NoHeader bool `json:"no_header,omitempty"`
}

// maxMapping is how long a stored mapping may be, in bytes: more than the
// longest header.
const maxMapping = 2 * maxHeaderBytes

var (
	errMappingLong   = fault.New(fault.TooLarge, "The names of the columns are too long")
	errMappingText   = fault.InvalidField(FieldColumns, "not valid UTF-8")
	errMappingHeader = fault.InvalidField(FieldColumns, "a file without a header needs a name for its columns")
)

// Check refuses a mapping that cannot be stored.
func (m Mapping) Check() error {
	if m.NoHeader && m.Columns == nil {
		return errMappingHeader
	}
	for _, name := range m.Columns {
		if !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
			return errMappingText
		}
	}
	if len(m.Encode()) > maxMapping {
		return errMappingLong
	}
	return nil
}

// IsZero reports whether the header alone tells what the columns are for.
func (m Mapping) IsZero() bool { return m.Columns == nil && !m.NoHeader }

// Encode returns the mapping as the text that stores have of it; "" for the zero one.
func (m Mapping) Encode() string {
	if m.IsZero() {
		return ""
	}
	text, err := json.Marshal(m)
	if err != nil { // strings and a bool
		panic(err)
	}
	return string(text)
}

// DecodeMapping reads what [Mapping.Encode] returned.
func DecodeMapping(text string) (m Mapping, err error) {
	if text == "" {
		return m, nil
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return m, fmt.Errorf("read a mapping: %w", err)
	}
	return m, nil
}

// names returns the names that a file's columns are read by, given the cells of
// its first row.
func (m Mapping) names(first []string) []string {
	if m.Columns == nil {
		return first
	}
	names := make([]string, len(first))
	copy(names, m.Columns)
	return names
}

// header returns the header of the error rows, with which they can be uploaded
// without the mapping: columns that are used have the names that the mapping
// gives them, and the others keep their own, unless that would put them to use.
func (m Mapping) header(first []string, l *Layout, means func(name string) bool) []string {
	if m.Columns == nil {
		return first
	}
	header := m.names(first)
	for i := range header {
		if l.columns[i] == ignored && !m.NoHeader && !means(first[i]) {
			header[i] = first[i]
		}
	}
	return header
}
