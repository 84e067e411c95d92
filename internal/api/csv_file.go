package api

import (
	"maps"
	"slices"
	"strconv"

	"callbook/internal/upload"
)

// appendFile appends how an upload's file is read, and its tally. It appends null for
// uploads of versions that stored no plan.
func appendFile(b []byte, u *upload.Upload) []byte {
	p := &u.Plan
	if p.IsZero() {
		return append(b, "null"...)
	}
	b = appendString(append(b, `{"encoding":`...), string(p.Encoding))
	b = appendStringOrNull(append(b, `,"separator":`...), p.Separator)
	b = appendStringOrNull(append(b, `,"sheet":`...), p.Sheet)
	b = append(b, `,"header_line":`...)
	if p.HeaderLine == 0 {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, p.HeaderLine, 10)
	}
	used, ignored := u.Columns()
	b = append(b, `,"columns":[`...)
	for i, c := range used {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendStringOrNull(append(b, `{"header":`...), c.Header)
		b = appendString(append(b, `,"field":`...), c.Name)
		b = append(b, '}')
	}
	b = append(b, `],"ignored_columns":[`...)
	for i, header := range ignored {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, header)
	}
	b = strconv.AppendInt(append(b, `],"left_out":`...), int64(u.Tally.LeftOut), 10)
	b = append(b, `,"countries":{`...)
	for i, country := range slices.Sorted(maps.Keys(u.Tally.Countries)) {
		if i > 0 {
			b = append(b, ',')
		}
		rows := u.Tally.Countries[country]
		if country == "" {
			country = "unknown"
		}
		b = append(appendString(b, country), ':')
		b = strconv.AppendInt(b, int64(rows), 10)
	}
	return append(b, `}}`...)
}

func appendStringOrNull(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendString(b, s)
}
