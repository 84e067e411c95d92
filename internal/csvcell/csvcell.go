// Package csvcell defines the format of contacts in CSV files: the names of the
// columns, the quote that keeps spreadsheets from running texts as formulas, and
// the encoding of custom_field's values. Imports and exports share it, so that
// importing an exported file yields the same contacts.
package csvcell

import (
	"encoding/csv"
	"strings"
)

// The columns of a contact's fields that are no texts; those that are have the keys
// of addressbook.TextFields. Imports ignore the case of their names.
const (
	Number = "number"
	// CustomField is the column of the whole custom_field, as JSON. For the columns
	// of single values see [CustomColumn].
	CustomField = "custom_field"
)

// The columns for people. Uploads ignore them, so that a file that callbook wrote
// can be uploaded unchanged.
const (
	Line   = "callbook_line"   // of an error row: the line where it begins in its file
	Code   = "callbook_code"   // of an error row: the error code
	Reason = "callbook_reason" // of an error row: the error in words

	SID     = "callbook_sid" // of a contact
	Created = "callbook_date_created"
	Updated = "callbook_date_updated"
)

// ByteOrderMark begins every file that callbook writes. Without it spreadsheets may
// take UTF-8 for another encoding and corrupt the texts.
const ByteOrderMark = "\ufeff"

// WriteRecord writes one record in such a way that encoding/csv reads the same
// cells. Since the reader drops the CR of each CR LF, WriteRecord adds another CR.
// It may modify cells.
func WriteRecord(w *csv.Writer, cells []string) error {
	for i, cell := range cells {
		if strings.Contains(cell, "\r\n") {
			cells[i] = strings.ReplaceAll(cell, "\r\n", "\r\r\n")
		}
	}
	return w.Write(cells)
}
