package sqlite

import (
	"bytes"
	"strconv"

	"zombiezen.com/go/sqlite"

	"callbook/internal/addressbook"
)

// place returns the place of the current row of a scan in the order of a window. It is
// valid until the next use of the filter.
func (f *filter) place(row *sqlite.Stmt, w addressbook.Window) *place {
	p := &f.at
	row.ColumnBytes(scanSID, p.sid[:])
	switch {
	case w.Sort == addressbook.ByCreated:
	case w.Sort.Dated():
		p.date = row.ColumnInt64(scanDate)
	case w.Sort == addressbook.ByName:
		p.key = f.nameKey(row)
	case w.Sort == addressbook.ByNumber:
		p.key = appendNumber(p.key[:0], row)
	default:
		p.key = f.appendTextKey(p.key[:0], row, w)
	}
	return p
}

// appendTextKey appends the key of a row that is sorted by a text which may be blank, as
// [addressbook.Contact.SortKey] makes it.
func (f *filter) appendTextKey(key []byte, row *sqlite.Stmt, w addressbook.Window) []byte {
	var text []byte
	blank := addressbook.NotBlank
	switch w.Sort {
	case addressbook.ByPerson:
		if text = f.nameKey(row); len(text) > 0 {
			break
		}
		blank = addressbook.HalfBlank
		if text = f.searchKey(row, scanCompanyName); len(text) == 0 {
			return appendNumber(append(key, w.Blank(addressbook.AllBlank)), row)
		}
	case addressbook.ByCompany:
		text = f.searchKey(row, scanCompanyName)
	case addressbook.ByEmail:
		text = f.searchKey(row, scanEmail)
	case addressbook.ByTag:
		text = f.searchKey(row, scanTag)
	}
	if len(text) == 0 {
		blank = addressbook.AllBlank
	}
	return append(append(key, w.Blank(blank)), text...)
}

// nameKey returns the [addressbook.NameKey] of the row. It is valid until the next use
// of the filter.
func (f *filter) nameKey(row *sqlite.Stmt) []byte {
	f.readName(row)
	return f.folder.Fold(bytes.TrimSpace(f.text))
}

// searchKey returns the [addressbook.SearchText] of a column without blanks at its ends.
// It is valid until the next use of the filter.
func (f *filter) searchKey(row *sqlite.Stmt, column int) []byte {
	f.text = appendColumn(f.text[:0], row, column)
	return bytes.Trim(f.searchText(), " ")
}

func appendNumber(key []byte, row *sqlite.Stmt) []byte {
	return strconv.AppendInt(key, row.ColumnInt64(scanNumber), 10)
}
