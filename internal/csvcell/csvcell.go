// Package csvcell says how contacts stand in the cells of CSV files: the names
// of the columns, which texts are marked so that no spreadsheet runs them, and
// how the values of custom_field become cells and come back. Who reads files
// and who writes them both ask here, so that what was written is read again as
// it was.
package csvcell

import (
	"encoding/csv"
	"strings"
)

// The columns of a contact's own fields. Readers take their names in any case.
const (
	Number      = "number"
	FirstName   = "first_name"
	LastName    = "last_name"
	CompanyName = "company_name"
	Email       = "email"
	Tag         = "tag"
	// CustomField is the column of the whole custom_field, as JSON. Columns of
	// single values have names of their own; see [CustomColumn].
	CustomField = "custom_field"
)

// The columns that are for people to read. An upload passes over them, so that
// what callbook wrote can be uploaded as it is.
const (
	Line   = "callbook_line"   // of an error row: where it begins in its file
	Code   = "callbook_code"   // of an error row: what is wrong with it
	Reason = "callbook_reason" // of an error row: the same in words

	SID     = "callbook_sid" // of a contact
	Created = "callbook_date_created"
	Updated = "callbook_date_updated"
)

// ByteOrderMark begins every file that callbook writes. It makes spreadsheets
// read UTF-8 as what it is; without it they spoil what they save.
const ByteOrderMark = "\ufeff"

// WriteRecord writes one record, so that encoding/csv reads the very same cells
// again: of each CR LF it would drop the CR, so another one goes in front. The
// cells may be changed. The error is that of w.
func WriteRecord(w *csv.Writer, cells []string) error {
	for i, cell := range cells {
		if strings.Contains(cell, "\r\n") {
			cells[i] = strings.ReplaceAll(cell, "\r\n", "\r\r\n")
		}
	}
	return w.Write(cells)
}
