package upload

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// PreviewRows is how many rows a [Preview] has at most.
const PreviewRows = 10

// Preview is how a file is understood, as far as its first rows show.
type Preview struct {
	Columns []Column
	Rows    []PreviewRow
	// Fault is why the file cannot be imported as it is understood; nil when it
	// can.
	Fault error
}

// Column is one of a file.
type Column struct {
	// Header is the column's cell in the first row.
	Header string
	// Name is what it is read by; see [Mapping]. "" means that it is passed
	// over.
	Name string
}

// PreviewRow is one row of a file.
type PreviewRow struct {
	Line int64 // where it begins in the file, from 1
	// Cells has one for each column, "" for those that the row does not have.
	Cells []string
	// Number is the contact's number as it will be stored; zero when the row
	// has none that is valid.
	Number phone.Number
	// Fault is why the row would fail; nil when nothing is known against it.
	Fault error
}

// Look reads the first rows of a draft's file. What is wrong with the file as a
// whole is a fault.
func (i *Importer) Look(ctx context.Context, d *Draft) (Preview, error) {
	var p Preview
	file, err := i.files.Open(ctx, d.Account.ID, d.SID)
	if err != nil {
		return p, orNoDraft(fmt.Errorf("read a draft: %w", err))
	}
	defer file.Close()
	cells, first, second, err := firstRow(file)
	if err != nil {
		return p, err
	}
	names := d.Request.Mapping.names(cells)
	for at, cell := range cells {
		c := Column{Header: legible(cell)}
		if is := purpose(names[at], d.Request.Type); is != ignored && is != reserved {
			c.Name = strings.TrimSpace(names[at])
		}
		p.Columns = append(p.Columns, c)
	}
	l, err := newLayout(names, d.Request.Type)
	if err != nil {
		p.Fault, l = err, &layout{columns: make([]column, len(cells))}
	}
	from := second
	if d.Request.Mapping.NoHeader {
		from = first
	}
	return p, i.lookAtRows(d, &p, l, newRowReader(file, from))
}

func (i *Importer) lookAtRows(d *Draft, p *Preview, l *layout, rows *rowReader) error {
	var drafts []addressbook.Draft
	for len(p.Rows) < PreviewRows {
		r, err := rows.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		drafts = append(drafts, l.draft(r))
		seen := PreviewRow{Line: r.line, Cells: make([]string, len(l.columns))}
		for at := range min(len(r.cells), len(seen.Cells)) {
			seen.Cells[at] = legible(r.cells[at])
		}
		p.Rows = append(p.Rows, seen)
	}
	if p.Fault != nil {
		return nil // what the rows say is of no use then
	}
	prepared, err := i.book.Prepare(d.Account, drafts)
	if err != nil {
		return err
	}
	for at, result := range prepared.Results {
		p.Rows[at].Fault = result.Fault
	}
	for at, row := range prepared.DraftOf {
		p.Rows[row].Number = prepared.Contacts[at].Number
	}
	for _, again := range prepared.Repeats {
		p.Rows[again.Draft].Number = prepared.Contacts[again.Contact].Number
	}
	return nil
}

// alsoCalled are names that other programs give to columns, in lower case and
// without what is no letter.
var alsoCalled = map[string][]string{
	"number": {"number", "phone", "phonenumber", "phoneno", "mobile", "mobilenumber", "mobileno", "mobilephone", "cell", "cellphone",
		"contact", "contactnumber", "contactno", "telephone", "tel", "msisdn", "whatsapp", "whatsappnumber", "primaryphone"},
	"first_name":   {"firstname", "givenname", "forename", "name", "fullname", "customername", "contactname"},
	"last_name":    {"lastname", "surname", "familyname"},
	"company_name": {"companyname", "company", "organisation", "organization", "organisationname", "organizationname", "business"},
	"email":        {"email", "emailaddress", "mail", "emailid"},
	"tag":          {"tag", "label", "segment"},
}

// guessMapping returns what the columns of a draft's file may be for when its
// header has no column called number; otherwise the zero mapping. A guess is
// for a person to look at.
func (i *Importer) guessMapping(ctx context.Context, d *Draft) (Mapping, error) {
	look, err := i.Look(ctx, d)
	if err != nil || look.Fault == nil || len(look.Columns) == 0 {
		return Mapping{}, err
	}
	var m Mapping
	used := make(map[string]bool)
	for _, c := range look.Columns {
		purposeful := purpose(c.Header, d.Request.Type) != ignored
		if lower := strings.ToLower(strings.TrimSpace(c.Header)); purposeful && alsoCalled[lower] != nil {
			used[lower] = true
		}
	}
	if used["number"] {
		return Mapping{}, nil // something else is wrong
	}
	for _, c := range look.Columns {
		name := c.Name
		if as := fieldCalled(c.Header); as != "" && !used[as] {
			name, used[as] = as, true
		}
		m.Columns = append(m.Columns, name)
	}
	if used["number"] {
		return m, nil
	}
	at, noHeader, err := i.findNumbers(d, &look)
	if err != nil || at < 0 {
		return Mapping{}, err
	}
	if noHeader {
		m = Mapping{Columns: make([]string, len(look.Columns)), NoHeader: true}
	}
	m.Columns[at] = "number"
	return m, nil
}

// fieldCalled is the contact's field that a header may mean; "" for none.
func fieldCalled(header string) string {
	plain := strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, strings.ToLower(header))
	for field, names := range alsoCalled {
		if slices.Contains(names, plain) {
			return field
		}
	}
	return ""
}

// findNumbers returns the column whose first cells are numbers, -1 for none, and
// whether the first row has one, too: then there is no header.
func (i *Importer) findNumbers(d *Draft, look *Preview) (at int, noHeader bool, err error) {
	isNumber := func(cell string) (bool, error) {
		p, err := i.book.Prepare(d.Account, []addressbook.Draft{{Number: addressbook.Given(cell)}})
		return err == nil && len(p.Contacts) == 1, err
	}
	for at, c := range look.Columns {
		good := 0
		for _, row := range look.Rows {
			ok, err := isNumber(row.Cells[at])
			if err != nil {
				return -1, false, err
			}
			if ok {
				good++
			}
		}
		header, err := isNumber(c.Header)
		if err != nil {
			return -1, false, err
		}
		if header || good > 0 && 2*good >= len(look.Rows) {
			return at, header, nil
		}
	}
	return -1, false, nil
}
