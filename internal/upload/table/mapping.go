package table

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"callbook/internal/fault"
)

// Mapping tells how to read a file and what its columns are for. Its zero fields leave
// that to the file itself.
type Mapping struct {
	// Columns are the names under which the columns are read, as in a header: number,
	// first_name, custom_field.NAME and so on. A column that is "" or has no entry is
	// ignored. Nil means the names in the header.
	Columns []string `json:"columns,omitempty"`
	// NoHeader means that the first row is a contact. It requires Columns.
	NoHeader bool `json:"no_header,omitempty"`
	// Encoding, Separator and Sheet are those of the [Dialect]. HeaderLine is the line of
	// the header, or of the first contact if there is no header. Zero values are found in
	// the file.
	Encoding   Encoding `json:"encoding,omitempty"`
	Separator  string   `json:"separator,omitempty"`
	Sheet      string   `json:"sheet,omitempty"`
	HeaderLine int64    `json:"header_line,omitempty"`
}

// maxMapping bounds a stored mapping, in bytes. It exceeds the longest header.
const maxMapping = 2 * maxHeaderBytes

var (
	errMappingLong      = fault.New(fault.TooLarge, "The names of the columns are too long")
	errMappingText      = fault.InvalidField(FieldColumns, "not valid UTF-8")
	errMappingEncoding  = fault.InvalidField(FieldColumns, "the encoding is not known")
	errMappingSeparator = fault.InvalidField(FieldColumns, "the separator cannot be one")
	errMappingHeader    = fault.InvalidField(FieldColumns, "a file without a header needs a name for its columns")
)

// Check returns a fault if the mapping cannot be stored.
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

// IsZero reports whether the mapping leaves everything to the file.
func (m Mapping) IsZero() bool {
	return m.Columns == nil && !m.NoHeader && m.Encoding == "" && m.Separator == "" && m.Sheet == "" && m.HeaderLine == 0
}

// Encode returns the mapping as text for a database, or "" for the zero Mapping.
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

// names returns the names under which the columns are read. First are the cells of the
// first row.
func (m Mapping) names(first []string) []string {
	if m.Columns == nil {
		return first
	}
	names := make([]string, len(first))
	copy(names, m.Columns)
	return names
}
