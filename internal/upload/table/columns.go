package table

import (
	"bytes"
	"encoding/csv"

	"callbook/internal/csvcell"
)

// ColumnNames returns the names of the columns in a header that [Find] returned. A
// value of custom_field goes by its key. A header that is no CSV has none.
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
