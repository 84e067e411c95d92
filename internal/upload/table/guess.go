package table

import (
	"slices"
	"strings"

	"callbook/internal/csvcell"
)

// minGuess is the least share of a column's cells that are numbers when it is
// guessed to have them.
const minGuess = 0.25

// GuessMapping returns what the columns of a file may be for, where another column
// is likelier to have the numbers than what the header alone tells, by name and
// content together; otherwise what the mapping says already. A guess is for a
// person to look at. The preview is that of the file with this mapping, which names
// no columns.
func (p *Preview) GuessMapping(m Mapping, prepare Prepare) Mapping {
	named := -1
	for i, c := range p.Columns {
		if strings.EqualFold(nameOf(c.Header), csvcell.Number) {
			return m // something else may be wrong
		}
		if c.Name == csvcell.Number {
			named = i
		}
	}
	rows := p.found.rows
	noHeader := named < 0 && slices.ContainsFunc(p.Columns, func(c Column) bool { return prepare.IsNumber(c.Header) })
	if noHeader {
		rows = append([]headRow{{Row: Row{Cells: p.found.header}}}, rows...)
	}
	best, column := 0.0, -1
	for i, c := range p.Columns {
		share := shareOf(rows, i, prepare.IsNumber)
		if share < minGuess || !noHeader && neverNumbers(c.Header) {
			continue
		}
		if score := rankOf(csvcell.Number, plainName(c.Header)) + 2*share; score > best {
			best, column = score, i
		}
	}
	if column < 0 || column == named {
		return m
	}
	m.Columns, m.NoHeader = make([]string, len(p.Columns)), noHeader
	for i, c := range p.Columns {
		if !noHeader && i != named {
			m.Columns[i] = c.Name
		}
	}
	m.Columns[column] = csvcell.Number
	return m
}

// otherNumbers are words in the headers of columns whose numbers nobody can dial.
var otherNumbers = []string{"date", "time", "dob", "birth", "amount", "price", "total", "balance", "emi", "id", "policy", "invoice", "order", "bill",
	"account", "pin", "pincode", "zip", "postal", "aadhaar", "aadhar", "pan", "gst", "gstin", "ref", "reference", "serial", "sr", "sno", "imei", "code",
	"roll", "registration", "loan", "ticket", "qty", "quantity", "fax"}

// neverNumbers reports whether a header says that its column has other numbers
// than those of telephones.
func neverNumbers(header string) bool {
	if rankOf(csvcell.Number, plainName(header)) > 0 {
		return false
	}
	words := strings.FieldsFunc(strings.ToLower(header), func(r rune) bool { return r < 'a' || r > 'z' })
	return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(otherNumbers, word) })
}

// countNumbers counts the cells of the column of numbers among the first rows, and
// how many of them are numbers.
func (p *Preview) countNumbers(isNumber func(string) bool) {
	for i := range p.Columns {
		c := &p.Columns[i]
		if !strings.EqualFold(c.Name, csvcell.Number) {
			continue
		}
		for _, row := range p.found.rows {
			if i < len(row.Cells) && !isBlank(row.Cells[i]) {
				c.Filled++
				if isNumber(row.Cells[i]) {
					c.Numbers++
				}
			}
		}
	}
}
