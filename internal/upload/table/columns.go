package table

import (
	"bytes"
	"encoding/csv"

	"callbook/internal/csvcell"
)

// ColumnNames returns the names of the columns in a header that [Find] returned. The name
// of a column for a value of custom_field is its key. An invalid header has no names.
func ColumnNames(header []byte) []string {
	names, err := csv.NewReader(bytes.NewReader(header)).Read()
	if err != nil {
		return nil
	}
	for i, name := range names {
		names[i] = nameOf(name)
		if key, ok := csvcell.CustomColumn(names[i]); ok {
			names[i] = key
		}
	}
	return names
}
