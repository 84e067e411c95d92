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

// filter is what a query asks of the texts and the number of a contact. A scan judges it in
// Go, so that texts compare the same in every engine; reading the columns costs
// a fraction of what a Go function costs that SQL calls for each row.
//
// It keeps the memory of its last row, so each scan needs its own.
type filter struct {
	tag                 string
	email, name, search []byte // folded; nil lets all pass
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

// any tells whether it asks for anything.
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

// columns are the columns of a scan for a filter and an order. Those that are
// not needed are not read.
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

// passes judges the row of a scan.
func (f *filter) passes(row *sqlite.Stmt) bool {
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
	// All that is searched, as one text. No text has the byte between them in
	// it, so that a part which has it is in none.
	const between = 0
	f.text = appendColumn(append(f.text, between), row, scanCompanyName)
	f.text = appendColumn(append(f.text, between), row, scanEmail)
	f.text = strconv.AppendInt(append(f.text, between, '+'), row.ColumnInt64(scanNumber), 10)
	return bytes.Contains(f.folder.Fold(f.text), f.search) && bytes.IndexByte(f.search, between) < 0
}

// readName reads both names joined by a blank; with one of them missing, that
// is the other alone. A part of either is a part of both.
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

// nameKey is the [addressbook.NameKey] of the row, valid until the next use of
// the filter.
func (f *filter) nameKey(row *sqlite.Stmt) []byte {
	f.readName(row)
	return f.folder.Fold(bytes.TrimSpace(f.text))
}

// place is the place of the row, valid until the next use of the filter.
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

// appendColumn appends a text of a row, nothing for NULL.
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
