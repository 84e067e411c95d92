package report

import (
	"strings"

	"callbook/internal/csvcell"
)

// appendNumber appends the cell of a telephone number as somebody has written it.
func appendNumber(b []byte, number string) []byte {
	if csvcell.Runs(number) {
		return appendText(b, number)
	}
	return appendCell(b, number)
}

// appendText appends the cell of a text that somebody else wrote, so that no spreadsheet
// runs it; an empty text is an empty cell.
func appendText(b []byte, text string) []byte {
	if text == "" {
		return b
	}
	return appendCell(b, csvcell.Mark(text))
}

// appendCell appends a cell, in quotes where it needs them.
func appendCell(b []byte, cell string) []byte {
	if !strings.ContainsAny(cell, ",\"\r\n") && !strings.HasPrefix(cell, " ") {
		return append(b, cell...)
	}
	b = append(b, '"')
	for i := range len(cell) {
		if cell[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, cell[i])
	}
	return append(b, '"')
}
