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
	tag         string
	tagPart     []byte // folded like email and name; empty matches everything
	email, name []byte
	search      addressbook.SearchTerms
	words       []searchWord // of the search
	digits      []byte       // of the search
	numbers     []phone.Range
	ranges      []phone.Range // the numbers of all origins are in these; nil means unknown
	origins     phone.Origins
	custom      *addressbook.CustomMatcher // nil matches everything

	folder       addressbook.Folder
	text, folded []byte
	at           place
}

// searchWord is an [addressbook.SearchWord].
type searchWord struct{ text, digits []byte }

func newFilter(q addressbook.Query) *filter {
	folded := func(text string) []byte { return []byte(addressbook.SearchText(text)) }
	f := newSearch(q.Terms())
	f.tag, f.tagPart, f.email, f.name, f.numbers = q.Tag, folded(q.TagPart), folded(q.Email), folded(q.Name), q.Numbers
	f.origins, f.ranges = q.Origins, q.Origins.Ranges()
	if q.Custom.Key != "" {
		f.custom = q.Custom.Matcher()
	}
	return f
}

// newSearch returns a filter that has only a search.
func newSearch(terms addressbook.SearchTerms) *filter {
	f := &filter{search: terms, digits: []byte(terms.Digits)}
	for _, w := range f.search.Words {
		f.words = append(f.words, searchWord{[]byte(w.Text), []byte(w.Digits)})
	}
	return f
}

// any reports whether there is any condition.
func (f *filter) any() bool {
	return f.tag != "" || len(f.tagPart) > 0 || len(f.email) > 0 || len(f.name) > 0 || len(f.words) > 0 || f.numbers != nil || !f.origins.All() || f.custom != nil
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
	scanCustom
	scanDate // the date that the scan is sorted by
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
	search := len(f.words) > 0
	person := sort == addressbook.ByPerson
	name := len(f.name) > 0 || search || person || sort == addressbook.ByName
	need(name, scanFirstName, "first_name")
	need(name, scanLastName, "last_name")
	need(search || person || sort == addressbook.ByCompany, scanCompanyName, "company_name")
	need(len(f.email) > 0 || search || sort == addressbook.ByEmail, scanEmail, "email")
	need(search || f.numbers != nil || !f.origins.All() || person || sort == addressbook.ByNumber, scanNumber, "number")
	need(f.tag != "" || len(f.tagPart) > 0 || sort == addressbook.ByTag, scanTag, "tag")
	need(f.custom != nil, scanCustom, "custom_field")
	need(sort == addressbook.ByUpdated, scanDate, "date_updated")
	need(sort == addressbook.ByJoined, scanDate, "members.date_joined")
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
	if len(f.tagPart) > 0 {
		f.text = appendColumn(f.text[:0], row, scanTag)
		if !bytes.Contains(f.searchText(), f.tagPart) {
			return false
		}
	}
	if number := phone.Number(row.ColumnInt64(scanNumber)); f.numbers != nil && !inRanges(f.numbers, number) {
		return false
	} else if !f.origins.All() && (f.ranges != nil && !inRanges(f.ranges, number) || !f.origins.Has(number)) {
		return false
	}
	if len(f.email) > 0 {
		f.text = appendColumn(f.text[:0], row, scanEmail)
		if !bytes.Equal(f.searchText(), f.email) {
			return false
		}
	}
	if f.custom != nil {
		f.text = appendColumn(f.text[:0], row, scanCustom)
		if !f.custom.Matches(f.text) {
			return false
		}
	}
	if len(f.name) == 0 && len(f.words) == 0 {
		return true
	}
	f.readName(row)
	if len(f.name) > 0 && !bytes.Contains(f.searchText(), f.name) {
		return false
	}
	return len(f.words) == 0 || f.found(row)
}

func inRanges(ranges []phone.Range, n phone.Number) bool {
	return slices.ContainsFunc(ranges, func(r phone.Range) bool { return r.Has(n) })
}

// searchText returns the [addressbook.SearchText] of f.text. It is valid until the next
// call.
func (f *filter) searchText() []byte {
	f.folded = addressbook.AppendSearchText(f.folded[:0], f.text)
	return f.folded
}

// found reports whether the search finds the row, whose name is in f.text.
func (f *filter) found(row *sqlite.Stmt) bool {
	number := row.ColumnInt64(scanNumber)
	if n := f.search.Number; n != 0 && int64(n) == number {
		return true
	}
	// Fields are joined with NUL, which no stored text contains, so a match cannot
	// span two fields.
	const separator = 0
	f.text = appendColumn(append(f.text, separator), row, scanCompanyName)
	f.text = appendColumn(append(f.text, separator), row, scanEmail)
	all := append(f.searchText(), separator)
	numberAt := len(all)
	all = strconv.AppendInt(append(all, '+'), number, 10)
	f.folded = all // reuse the memory
	if len(f.digits) > 0 && bytes.Contains(all[numberAt:], f.digits) {
		return true
	}
	for i := range f.words {
		w := &f.words[i]
		if !bytes.Contains(all, w.text) && (len(w.digits) == 0 || !bytes.Contains(all[numberAt:], w.digits)) {
			return false
		}
	}
	return true
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
