package upload

import (
	"slices"
	"strings"

	"callbook/internal/csvcell"
	"callbook/internal/suppression"
	"callbook/internal/upload/table"
)

// suppress sets the suppressions of a batch, one for each of its contacts. The note comes
// from a column called note or the like, and the source from one called source.
func (b *Batch) suppress(p *table.Plan) {
	note, source := suppressionColumns(p)
	b.Suppressions = make([]suppression.Suppression, len(b.Contacts))
	for i := range b.Contacts {
		cells := b.rows[b.prepared.DraftOf[i]].Cells
		s := suppression.Suppression{Number: b.Contacts[i].Number, Source: cellIn(cells, source), Note: cellIn(cells, note), Created: b.Time}
		if s.Source == "" {
			s.Source = suppression.FromImport
		}
		b.Suppressions[i] = s
	}
}

// suppressionColumns returns the indexes of the plan's columns that suppressions take
// their notes and sources from; -1 for none.
func suppressionColumns(p *table.Plan) (note, source int) {
	return p.ColumnCalled("note", "notes", "remark", "remarks", "comment", "comments"), p.ColumnCalled("source")
}

// Columns returns the columns of the file that are used, and the headers of the others, as
// far as the plan contains them. Those of notes and sources of suppressions come last, with
// the names note and source.
func (u *Upload) Columns() (used []table.PlanColumn, ignoredHeaders []string) {
	p := &u.Plan
	used, ignoredHeaders = p.Used(u.Type)
	if !u.Suppresses {
		return used, ignoredHeaders
	}
	take := func(column int, name string) {
		if column < 0 {
			return
		}
		c := p.Columns[column]
		c.Name = name
		used = append(used, c)
		if i := slices.Index(ignoredHeaders, c.Header); i >= 0 {
			ignoredHeaders = slices.Delete(ignoredHeaders, i, i+1)
		}
	}
	note, source := suppressionColumns(p)
	take(note, "note")
	take(source, "source")
	return used, ignoredHeaders
}

// cellIn returns the text of a cell, cut to the length that a suppression may have. A
// column of -1 means that there is none.
func cellIn(cells []string, column int) string {
	if column < 0 || column >= len(cells) || csvcell.IsNull(cells[column]) {
		return ""
	}
	cell, _ := csvcell.Unmark(cells[column])
	text := []rune(strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(cell, ""), "\x00", "")))
	return string(text[:min(len(text), suppression.MaxText)])
}
