package table

import (
	"bytes"
	"encoding/csv"
	"strings"
	"unicode/utf8"

	"callbook/internal/csvcell"
)

// ErrorColumns are the names of the columns that stand before a file's own in
// its error rows: the row's line, the code of what is wrong with it, and the
// reason.
var ErrorColumns = []string{csvcell.Line, csvcell.Code, csvcell.Reason}

// ErrorHeader returns a header that [Find] returned without what a spreadsheet would
// run: such cells are marked as those of error rows are, and an upload reads the same
// names again.
func ErrorHeader(header []byte) []byte {
	r := csv.NewReader(bytes.NewReader(header))
	cells, err := r.Read()
	if err != nil {
		return header // it has no cells
	}
	for i, cell := range cells {
		if csvcell.Runs(cell) {
			cells[i] = csvcell.Mark(cell)
		}
	}
	return encodeRecord(cells)
}

// ErrorRecord returns the cells of a row as an error row has them, as CSV without
// an end of line.
func (l *Layout) ErrorRecord(cells []string) []byte {
	harmless := make([]string, len(cells))
	for i, cell := range cells {
		harmless[i] = l.harmless(i, cell)
	}
	return l.encode(harmless)
}

// harmless returns the cell of a column as an error row has it. It is read as
// the very same value again, and no spreadsheet runs it: whoever mends error
// rows opens them there, and the cells may be anybody's words.
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
		// JSON that comes after the end of a line, or is a number as -1e5.
		if value := strings.TrimSpace(cell); csvcell.ValidJSON(value) {
			return value
		}
	}
	return csvcell.Mark(cell)
}

// encode writes cells as CSV without an end of line, and without those of
// reserved columns. Rows with what is not UTF-8 fail, and are to be seen as they
// were meant.
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

// encodeRecord writes cells as CSV without an end of line.
func encodeRecord(cells []string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	// A buffer takes everything, and the comma is a good one.
	_ = csvcell.WriteRecord(w, cells)
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// legible is a cell as it can be shown. What is not UTF-8 is taken for Latin-1.
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
