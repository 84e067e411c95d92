package export

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

// bufferBytes is the size of writes.
const bufferBytes = 64 << 10

// The columns before and after those for the values of custom_field. Every file has the
// column for a whole custom_field, because a contact may change after the columns were
// chosen.
var (
	ownColumns = append([]string{csvcell.Number}, addressbook.TextKeys()...)
	endColumns = []string{csvcell.CustomField, csvcell.SID, csvcell.Created, csvcell.Updated}
)

// rowWriter is a format of rows: a header first, then rows, then the end.
type rowWriter interface {
	writeHeader(names []string) error
	// writeRow may modify cells, and does not keep them.
	writeRow(cells []string) error
	end() error
}

// CSV writes the contacts as a CSV file; uploading it yields the same contacts. If
// there is more than a page, CSV reads the contacts twice, first to choose the
// columns. It writes nothing before the columns are known.
func (e *Export) CSV(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriterSize(w, bufferBytes)
	return e.rows(ctx, csvRows{out, csv.NewWriter(out)}) // csv.NewWriter uses out itself as its buffer
}

// csvRows writes rows as CSV. Both writers keep their first error.
type csvRows struct {
	out  *bufio.Writer
	rows *csv.Writer
}

func (c csvRows) writeHeader(names []string) error {
	_, _ = c.out.WriteString(csvcell.ByteOrderMark)
	return csvcell.WriteRecord(c.rows, names)
}

func (c csvRows) writeRow(cells []string) error { return csvcell.WriteRecord(c.rows, cells) }

func (c csvRows) end() error {
	c.rows.Flush()
	return c.rows.Error()
}

// rows writes the contacts as rows.
func (e *Export) rows(ctx context.Context, to rowWriter) error {
	custom, err := e.findColumns(ctx)
	if err != nil {
		return err
	}
	if err := to.writeHeader(slices.Concat(ownColumns, custom.headers(), endColumns)); err != nil {
		return err
	}
	cells := make([]string, 0, len(ownColumns)+len(custom.names)+len(endColumns))
	for contacts, err := range e.Pages(ctx) {
		if err != nil {
			return err
		}
		for i := range contacts {
			cells = e.appendCells(cells[:0], custom, &contacts[i])
			if err := to.writeRow(cells); err != nil {
				return err
			}
		}
	}
	return to.end()
}

// findColumns chooses the columns for custom_field's values of all contacts.
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
	cells = append(cells, c.Number.String())
	for _, text := range c.Texts {
		cells = append(cells, textCell(text))
	}
	cells, whole := custom.appendCells(cells, c.CustomField)
	return append(cells, whole, c.SID.String(), e.date(c.Created), e.date(c.Updated))
}

func textCell(t addressbook.Text) string {
	if !t.Given {
		return ""
	}
	return csvcell.Mark(t.Value)
}

// date formats a time as the API does, in the account's time zone.
func (e *Export) date(t time.Time) string { return t.In(e.acct.TimeZone).Format(time.RFC3339Nano) }
