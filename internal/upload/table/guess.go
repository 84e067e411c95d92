package table

import (
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
	"callbook/internal/phone"
)

// minGuess is the least share of numbers in the cells of a column that is guessed to have
// the numbers.
const minGuess = 0.25

// GuessMapping returns m with guessed columns, if another column is likelier to have the
// numbers than the one that the header tells. It judges by names and contents together.
// Otherwise it returns m. A person should look at a guess. P must be the preview of the
// file with m, which must not name columns.
func (p *Preview) GuessMapping(m Mapping, prepare Prepare) Mapping {
	named := -1
	for i, c := range p.Columns {
		if strings.EqualFold(nameOf(c.Header), csvcell.Number) {
			return m // another mistake, which a guess would not mend
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

// otherNumbers are words in the headers of columns whose numbers are not telephone
// numbers.
var otherNumbers = []string{"date", "time", "dob", "birth", "amount", "price", "total", "balance", "emi", "id", "policy", "invoice", "order", "bill",
	"account", "pin", "pincode", "zip", "postal", "aadhaar", "aadhar", "pan", "gst", "gstin", "ref", "reference", "serial", "sr", "sno", "imei", "code",
	"roll", "registration", "loan", "ticket", "qty", "quantity", "fax", "premium", "application", "folio", "receipt", "contract", "employee", "uid",
	"transaction", "utr", "barcode", "sku", "ean", "salary"}

// ofTelephones are words in the headers of columns with telephone numbers. They outweigh
// otherNumbers, as in "Account Phone".
var ofTelephones = []string{"phone", "mobile", "mob", "telephone", "tel", "cell", "whatsapp"}

// neverNumbers reports whether a header says that its column has numbers other than
// telephone numbers.
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

// isDialled reports whether a cell, in a column with an unknown header, is a telephone
// number of a known kind of line. The general form, by which a number is valid, is not
// enough: it also matches dates, amounts and ids, such as 12/10/2023 and 10000001 in
// India. If a cell has several numbers, one is enough.
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

// looksLikePackedDate reports whether a cell is a date of eight digits, such as 20231012
// or 12102023.
func looksLikePackedDate(cell string) bool {
	if len(cell) != 8 || strings.Trim(cell, "0123456789") != "" {
		return false
	}
	return looksLikeDate(cell[:4]+"-"+cell[4:6]+"-"+cell[6:]) || looksLikeDate(cell[:2]+"-"+cell[2:4]+"-"+cell[4:])
}

// looksLikeAmount reports whether a cell has one or two decimals that are not zero, or
// commas between its digits: 98765432.10 and 98,76,54,321.
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

// countNumbers counts the cells with text in the column of numbers, among the first rows,
// and those that are numbers.
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
