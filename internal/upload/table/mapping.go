package table

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"callbook/internal/fault"
)

// Mapping tells how a file is read and what its columns are for, where that is not
// left to the file itself, as the zero Mapping does.
type Mapping struct {
	// Columns are the names that the columns are read by, as a header has them:
	// number, first_name, custom_field.NAME and so on; "" ignores one. A
	// column that has no entry is ignored. Nil takes the header's own names.
	Columns []string `json:"columns,omitempty"`
	// NoHeader tells that the first row is a contact's already. It needs Columns.
	NoHeader bool `json:"no_header,omitempty"`
	// Encoding, Separator and Sheet are those of the [Dialect], and HeaderLine is
	// the line of the header, or without one that of the first contact. What is
	// zero is found in the file.
	Encoding   Encoding `json:"encoding,omitempty"`
	Separator  string   `json:"separator,omitempty"`
	Sheet      string   `json:"sheet,omitempty"`
	HeaderLine int64    `json:"header_line,omitempty"`
}

// maxMapping is how long a stored mapping may be, in bytes: more than the
// longest header.
const maxMapping = 2 * maxHeaderBytes

var (
	errMappingLong      = fault.New(fault.TooLarge, "The names of the columns are too long")
	errMappingText      = fault.InvalidField(FieldColumns, "not valid UTF-8")
	errMappingEncoding  = fault.InvalidField(FieldColumns, "the encoding is not known")
	errMappingSeparator = fault.InvalidField(FieldColumns, "the separator cannot be one")
	errMappingHeader    = fault.InvalidField(FieldColumns, "a file without a header needs a name for its columns")
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
	switch m.Encoding {
	case "", UTF8, Windows1252, UTF16LE, UTF16BE, XLSX:
	default:
		return errMappingEncoding
	}
	if m.Separator != "" && !validSeparator(m.Separator) {
		return errMappingSeparator
	}
	if !utf8.ValidString(m.Sheet) || strings.ContainsRune(m.Sheet, 0) || m.HeaderLine < 0 {
		return errMappingText
	}
	if len(m.Encode()) > maxMapping {
		return errMappingLong
	}
	return nil
}

// IsZero reports whether the file itself tells everything.
func (m Mapping) IsZero() bool {
	return m.Columns == nil && !m.NoHeader && m.Encoding == "" && m.Separator == "" && m.Sheet == "" && m.HeaderLine == 0
}

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
