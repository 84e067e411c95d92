package report

import (
	"strings"

	"callbook/internal/csvcell"
)

// appendNumber appends the cell of a telephone number as a person has written it.
func appendNumber(b []byte, number string) []byte {
	if csvcell.Runs(number) {
		return appendText(b, number)
	}
	return appendCell(b, number)
}

// appendText appends the cell of a text from outside, escaped so that no spreadsheet
// evaluates it.
func appendText(b []byte, text string) []byte {
	if text == "" {
		return b
	}
	return appendCell(b, csvcell.Mark(text))
}

// appendCell appends a cell, quoted if necessary.
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
