package table

import (
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
	"callbook/internal/phone"
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
	noHeader := named < 0 && slices.ContainsFunc(p.Columns, func(c Column) bool { return prepare.isDialled(c.Header) })
	if noHeader {
		rows = append([]headRow{{Row: Row{Cells: p.found.header}}}, rows...)
	}
	best, column := 0.0, -1
	for i, c := range p.Columns {
		rank, isNumber := rankOf(csvcell.Number, plainName(c.Header)), prepare.isDialled
		if rank > 0 {
			isNumber = prepare.IsNumber
		}
		share := shareOf(rows, i, isNumber)
		if share < minGuess || !noHeader && neverNumbers(c.Header) {
			continue
		}
		if score := rank + 2*share; score > best {
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
	"roll", "registration", "loan", "ticket", "qty", "quantity", "fax", "premium", "application", "folio", "receipt", "contract", "employee", "uid",
	"transaction", "utr", "barcode", "sku", "ean", "salary"}

// ofTelephones are words in the headers of columns that have numbers of telephones,
// whatever else the header says, as in Account Phone.
var ofTelephones = []string{"phone", "mobile", "mob", "telephone", "tel", "cell", "whatsapp"}

// neverNumbers reports whether a header says that its column has other numbers
// than those of telephones.
func neverNumbers(header string) bool {
	if rankOf(csvcell.Number, plainName(header)) > 0 {
		return false
	}
	words := strings.FieldsFunc(strings.ToLower(header), func(r rune) bool { return r < 'a' || r > 'z' })
	among := func(list []string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(list, word) })
	}
	return among(otherNumbers) && !among(ofTelephones)
}

// isDialled reports whether a cell, in a column that nothing else tells of, is a
// number that somebody has: it is of a known kind of line. The general form alone,
// which makes a number valid, takes in dates, amounts and ids as well: 12/10/2023 and
// 10000001 have that of India. Of several numbers in a cell, one will do.
func (prepare Prepare) isDialled(cell string) bool {
	number, _ := csvcell.Unmark(cell)
	if number = strings.TrimSpace(number); looksLikeDate(number) || looksLikePackedDate(number) || looksLikeAmount(number) {
		return false
	}
	prepared, err := prepare([]addressbook.Draft{{Number: addressbook.Given(number), FirstNumber: true}})
	if err != nil || len(prepared.Contacts) != 1 {
		return false
	}
	_, line := prepared.Contacts[0].Number.Origin()
	return line != phone.UnknownLine
}

// looksLikePackedDate reports whether a cell is a date of eight digits, as 20231012 or
// 12102023.
func looksLikePackedDate(cell string) bool {
	if len(cell) != 8 || strings.Trim(cell, "0123456789") != "" {
		return false
	}
	return looksLikeDate(cell[:4]+"-"+cell[4:6]+"-"+cell[6:]) || looksLikeDate(cell[:2]+"-"+cell[2:4]+"-"+cell[4:])
}

// looksLikeAmount reports whether a cell has one or two decimals that are not zero,
// or commas between its digits as amounts do: 98765432.10 and 98,76,54,321.
func looksLikeAmount(cell string) bool {
	whole, decimals, point := strings.Cut(cell, ".")
	if strings.Trim(whole, "0123456789,") != "" || strings.Trim(decimals, "0123456789") != "" {
		return false
	}
	groups := strings.Split(whole, ",")
	if len(groups) == 1 {
		return point && len(decimals) <= 2 && strings.Trim(decimals, "0") != ""
	}
	for i, group := range groups {
		last := i == len(groups)-1
		if len(group) == 0 || len(group) > 3 || last && len(group) != 3 || i > 0 && len(group) == 1 {
			return false
		}
	}
	return true
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
