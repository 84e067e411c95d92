package exporter

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"
	"slices"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
)

// bufferBytes is how much is written at once.
const bufferBytes = 64 << 10

// The columns before and behind those of custom_field's values. The whole
// custom_field has its column in every file, since a contact may get one that
// needs it after the columns were chosen.
var (
	ownColumns = []string{csvcell.Number, csvcell.FirstName, csvcell.LastName, csvcell.CompanyName, csvcell.Email, csvcell.Tag}
	endColumns = []string{csvcell.CustomField, csvcell.SID, csvcell.Created, csvcell.Updated}
)

// CSV writes the contacts as a CSV file that an upload makes the same contacts
// of. It reads them twice when they are more than a page: the columns come
// before the rows. Nothing is written before the columns are known.
func (e *Export) CSV(ctx context.Context, w io.Writer) error {
	custom, err := e.findColumns(ctx)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, bufferBytes)
	rows := csv.NewWriter(out) // over out itself, since that is large enough
	// A writer's error comes again at each write.
	_, _ = out.WriteString(csvcell.ByteOrderMark)
	_ = csvcell.WriteRecord(rows, slices.Concat(ownColumns, custom.headers(), endColumns))
	cells := make([]string, 0, len(ownColumns)+len(custom.names)+len(endColumns))
	for contacts, err := range e.Pages(ctx) {
		if err != nil {
			return err
		}
		for i := range contacts {
			cells = e.appendCells(cells[:0], custom, &contacts[i])
			if err := csvcell.WriteRecord(rows, cells); err != nil {
				return err
			}
		}
	}
	rows.Flush()
	return rows.Error()
}

// findColumns goes through the contacts for the columns of their custom_field.
func (e *Export) findColumns(ctx context.Context) (*customColumns, error) {
	custom := newCustomColumns()
	for contacts, err := range e.Pages(ctx) {
		if err != nil {
			return nil, err
		}
		for i := range contacts {
			custom.learn(contacts[i].CustomField)
		}
		if custom.full() {
			break
		}
	}
	return custom, nil
}

// appendCells appends the cells of a contact's row.
func (e *Export) appendCells(cells []string, custom *customColumns, c *addressbook.Contact) []string {
	cells = append(cells, c.Number.String(),
		textCell(c.FirstName), textCell(c.LastName), textCell(c.CompanyName), textCell(c.Email), textCell(c.Tag))
	cells, whole := custom.appendCells(cells, c.CustomField)
	return append(cells, whole, c.SID.String(), e.date(c.Created), e.date(c.Updated))
}

func textCell(t addressbook.Text) string {
	if !t.Given {
		return ""
	}
	return csvcell.Mark(t.Value)
}

// date is a date as answers have it: in the account's zone.
func (e *Export) date(t time.Time) string { return t.In(e.acct.TimeZone).Format(time.RFC3339Nano) }
