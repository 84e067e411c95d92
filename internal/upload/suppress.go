package upload

import (
	"strings"

	"callbook/internal/csvcell"
	"callbook/internal/suppression"
	"callbook/internal/upload/table"
)

// suppress sets the suppressions of a batch, one for each of its contacts. The note comes
// from a column called note or the like, and the source from one called source.
func (b *Batch) suppress(p *table.Plan) {
	note, source := SuppressionColumns(p)
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

// SuppressionColumns returns the indexes, among the plan's columns, of those that
// suppressions take their notes and sources from; -1 for none.
func SuppressionColumns(p *table.Plan) (note, source int) {
	return p.ColumnCalled("note", "notes", "remark", "remarks", "comment", "comments"), p.ColumnCalled("source")
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
