package table

import (
	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
)

// GuessMapping returns what the columns of a file may be for when its header does
// not tell which of them has the numbers; otherwise the zero mapping. A guess is
// for a person to look at. The preview is that of the file without a mapping.
func (p *Preview) GuessMapping(kind addressbook.ListType, prepare Prepare) (Mapping, error) {
	if p.Fault == nil || len(p.Columns) == 0 {
		return Mapping{}, nil
	}
	for _, c := range p.Columns {
		if c.Name == csvcell.Number {
			return Mapping{}, nil // something else is wrong
		}
	}
	rows := p.found.rows
	noHeader := false
	for _, c := range p.Columns {
		noHeader = noHeader || prepare.IsNumber(c.Header)
	}
	if noHeader {
		first := headRow{Row: Row{Cells: p.found.header}}
		rows = append([]headRow{first}, rows...)
	}
	best, column := 0.25, -1
	for i := range p.Columns {
		if share := shareOf(rows, i, prepare.IsNumber); share > best {
			best, column = share, i
		}
	}
	if column < 0 {
		return Mapping{}, nil
	}
	m := Mapping{Columns: make([]string, len(p.Columns)), NoHeader: noHeader}
	for i, c := range p.Columns {
		if !noHeader {
			m.Columns[i] = c.Name
		}
	}
	m.Columns[column] = csvcell.Number
	return m, nil
}
