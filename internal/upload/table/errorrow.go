package table

import (
	"bytes"
	"encoding/csv"
	"strings"
	"unicode/utf8"

	"callbook/internal/csvcell"
)

// ErrorColumns are the names of the columns that error rows have before those of the
// file: the line of the row, the error code, and the reason.
var ErrorColumns = []string{csvcell.Line, csvcell.Code, csvcell.Reason}

// ErrorHeader returns a header of [Find] that is safe for spreadsheets: it marks the
// cells that a spreadsheet would run, as ErrorRecord does. An upload of the result reads
// the same names.
func ErrorHeader(header []byte) []byte {
	r := csv.NewReader(bytes.NewReader(header))
	cells, err := r.Read()
	if err != nil {
		return header // an invalid header
	}
	for i, cell := range cells {
		if csvcell.Runs(cell) {
			cells[i] = csvcell.Mark(cell)
		}
	}
	return encodeRecord(cells)
}

// ErrorRecord returns the cells of a row for its error row, as CSV without a line end.
func (l *Layout) ErrorRecord(cells []string) []byte {
	harmless := make([]string, len(cells))
	for i, cell := range cells {
		harmless[i] = l.harmless(i, cell)
	}
	return l.encode(harmless)
}

// harmless returns a cell for an error row. A spreadsheet, in which people mend error
// rows, does not run it as a formula, whoever wrote it. An upload reads the same value
// from it.
func (l *Layout) harmless(column int, cell string) string {
	if !csvcell.Runs(cell) {
		return cell
	}
	use := ignored
	if column < len(l.columns) {
		use = l.columns[column]
	}
	switch field, isText := use.text(); {
	case isText && trims(field):
		if cell = strings.TrimSpace(cell); cell == "" {
			return ""
		}
	case use == custom, use == whole:
		// This JSON follows a line end, or is a number such as -1e5.
		if value := strings.TrimSpace(cell); csvcell.ValidJSON(value) {
			return value
		}
	}
	return csvcell.Mark(cell)
}

// encode writes cells as CSV without a line end, and without the cells of reserved
// columns. A row that failed because it is not UTF-8 is shown with its bytes as Latin-1.
func (l *Layout) encode(cells []string) []byte {
	kept := make([]string, 0, len(cells))
	for i, cell := range cells {
		if i < len(l.columns) && l.columns[i] == reserved {
			continue
		}
		kept = append(kept, legible(cell))
	}
	return encodeRecord(kept)
}

// encodeRecord writes cells as CSV without a line end.
func encodeRecord(cells []string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	// Writing to a buffer with a valid separator cannot fail.
	_ = csvcell.WriteRecord(w, cells)
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// legible returns a cell as valid UTF-8. It takes an invalid one for Latin-1.
func legible(cell string) string {
	if utf8.ValidString(cell) {
		return cell
	}
	runes := make([]rune, len(cell))
	for i := range len(cell) {
		runes[i] = rune(cell[i])
	}
	return string(runes)
}
