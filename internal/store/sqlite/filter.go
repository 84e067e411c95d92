package sqlite

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// filter is the condition of a query on the texts and the number of a contact. A scan
// evaluates it in Go, so that texts compare the same in every engine. Reading the
// columns costs a fraction of a Go function that SQL would call for each row.
//
// It reuses its buffers for each row, so each scan needs its own filter.
type filter struct {
	tag                 string
	email, name, search []byte // folded; nil matches everything
	numbers             []phone.Range

	folder addressbook.Folder
	text   []byte
	at     place
}

func newFilter(q addressbook.Query) *filter {
	folded := func(text string) []byte {
		if text == "" {
			return nil
		}
		return []byte(addressbook.Fold(text))
	}
	return &filter{tag: q.Tag, email: folded(q.Email), name: folded(q.Name), search: folded(q.Search), numbers: q.Numbers}
}

// any reports whether there is any condition.
func (f *filter) any() bool {
	return f.tag != "" || f.email != nil || f.name != nil || f.search != nil || f.numbers != nil
}

// The columns of a scan.
const (
	scanSID = iota
	scanFirstName
	scanLastName
	scanCompanyName
	scanEmail
	scanNumber
	scanTag
	scanUpdated
	scanColumns
)

// columns returns the columns that a scan selects for the filter and an order, with
// NULL in place of those that it does not need.
func (f *filter) columns(sort addressbook.SortField) string {
	needed := [scanColumns]string{scanSID: "contacts.sid"}
	need := func(needs bool, column int, name string) {
		switch {
		case needs:
			needed[column] = name
		case needed[column] == "":
			needed[column] = "NULL"
		}
	}
	name := f.name != nil || f.search != nil || sort == addressbook.ByName
	need(name, scanFirstName, "first_name")
	need(name, scanLastName, "last_name")
	need(f.search != nil, scanCompanyName, "company_name")
	need(f.email != nil || f.search != nil, scanEmail, "email")
	need(f.search != nil || f.numbers != nil, scanNumber, "number")
	need(f.tag != "", scanTag, "tag")
	need(sort == addressbook.ByUpdated, scanUpdated, "date_updated")
	return strings.Join(needed[:], ", ")
}

// matches reports whether the current row of a scan matches the filter.
func (f *filter) matches(row *sqlite.Stmt) bool {
	if f.tag != "" {
		f.text = appendColumn(f.text[:0], row, scanTag)
		if string(f.text) != f.tag {
			return false
		}
	}
	if f.numbers != nil {
		number := phone.Number(row.ColumnInt64(scanNumber))
		if !slices.ContainsFunc(f.numbers, func(r phone.Range) bool { return r.Has(number) }) {
			return false
		}
	}
	if f.email != nil {
		f.text = appendColumn(f.text[:0], row, scanEmail)
		if !bytes.Equal(f.folder.Fold(f.text), f.email) {
			return false
		}
	}
	if f.name == nil && f.search == nil {
		return true
	}
	f.readName(row)
	if f.name != nil && !bytes.Contains(f.folder.Fold(f.text), f.name) {
		return false
	}
	if f.search == nil {
		return true
	}
	// Fields are joined with NUL, which no stored text contains, so a match cannot
	// span two fields.
	const separator = 0
	f.text = appendColumn(append(f.text, separator), row, scanCompanyName)
	f.text = appendColumn(append(f.text, separator), row, scanEmail)
	f.text = strconv.AppendInt(append(f.text, separator, '+'), row.ColumnInt64(scanNumber), 10)
	return bytes.Contains(f.folder.Fold(f.text), f.search) && bytes.IndexByte(f.search, separator) < 0
}

// readName reads the first and last name joined by a space, or the only one of them
// that is not NULL.
func (f *filter) readName(row *sqlite.Stmt) {
	f.text = appendColumn(f.text[:0], row, scanFirstName)
	first := len(f.text)
	f.text = appendColumn(append(f.text, ' '), row, scanLastName)
	switch {
	case len(f.text) == first+1 && row.ColumnIsNull(scanLastName):
		f.text = f.text[:first]
	case first == 0 && row.ColumnIsNull(scanFirstName):
		f.text = append(f.text[:0], f.text[1:]...)
	}
}

// nameKey returns the [addressbook.NameKey] of the row. It is valid until the next use
// of the filter.
func (f *filter) nameKey(row *sqlite.Stmt) []byte {
	f.readName(row)
	return f.folder.Fold(bytes.TrimSpace(f.text))
}

// place returns the row's place in the order. It is valid until the next use of the
// filter.
func (f *filter) place(row *sqlite.Stmt, sort addressbook.SortField) *place {
	p := &f.at
	row.ColumnBytes(scanSID, p.sid[:])
	switch sort {
	case addressbook.ByUpdated:
		p.updated = row.ColumnInt64(scanUpdated)
	case addressbook.ByName:
		p.name = f.nameKey(row)
	}
	return p
}

// appendColumn appends a text of a row; NULL appends nothing.
func appendColumn(b []byte, row *sqlite.Stmt, column int) []byte {
	const usual = 256
	b = slices.Grow(b, usual)
	for {
		room := b[len(b):cap(b)]
		if n := row.ColumnBytes(column, room); n < len(room) {
			return b[:len(b)+n]
		}
		b = slices.Grow(b, 2*len(room))
	}
}
