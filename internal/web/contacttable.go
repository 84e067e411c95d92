package web

import (
	"net/http"
	"strings"

	"callbook/internal/addressbook"
)

// tableRows is how many rows a page of a table has.
const tableRows = 50

// contactTable is what the part "contact-table" shows: a page of contacts, of
// the whole account or of one list.
type contactTable struct {
	Path   string // of the page
	Filter contactFilter
	Wrong  string // why the filter cannot be
	Rows   []contactRow
	Total  int
	// Previous and Next are the addresses of the pages there; "" for none.
	Previous, Next string
	// List is the one whose members these are, nil for the whole account.
	List *addressbook.List
}

// contactRow is one of the table.
type contactRow struct {
	addressbook.Contact
	Name   string
	Number string // in groups
}

// rowFor is the row of a contact.
func rowFor(c addressbook.Contact) contactRow {
	return contactRow{Contact: c, Name: personName(c), Number: c.Number.International()}
}

// ByUpdated tells which of its dates a row shows.
func (t contactTable) ByUpdated() bool { return strings.HasSuffix(t.Filter.Sort, "updated") }

// More tells whether more contacts match than are on the page.
func (t contactTable) More() bool { return t.Total > len(t.Rows) }

// tableOf reads the page that a request's address asks for. List may be nil.
func tableOf(r *http.Request, book *addressbook.Book, path string, list *addressbook.List) (contactTable, error) {
	words := r.URL.Query()
	t := contactTable{Path: path, Filter: filterOf(words), List: list}
	if list != nil {
		t.Filter.List = ""
	}
	ctx, acct := r.Context(), accountOf(r)
	q, wrong, err := t.Filter.query(ctx, book, acct)
	if err != nil || wrong != "" {
		t.Wrong = wrong
		return t, err
	}
	if list != nil {
		q.Lists = []addressbook.SID{list.SID}
	}
	q.Limit = tableRows
	read := func(w addressbook.Window) ([]addressbook.Contact, *addressbook.Position, error) {
		q.Window = w
		page, err := book.Contacts(ctx, acct, q)
		t.Total = page.Total
		return page.Contacts, page.Next, err
	}
	position := func(c addressbook.Contact) addressbook.Position {
		return addressbook.Position{Key: q.SortKey(c.Updated, addressbook.NameKey(c.FirstName.Value, c.LastName.Value)), SID: c.SID}
	}
	address := func(word, place string) string { return t.Filter.URL(path, word, place) }
	contacts, previous, next, err := turn(words, q.Window, read, position, address)
	t.Previous, t.Next = previous, next
	for _, c := range contacts {
		t.Rows = append(t.Rows, rowFor(c))
	}
	return t, err
}

// personName is a contact's first and last name; "" when it has none.
func personName(c addressbook.Contact) string {
	return strings.TrimSpace(c.FirstName.Value + " " + c.LastName.Value)
}

// title is what to call a contact: its name, or else its company's, or else its
// number.
func title(c addressbook.Contact) string {
	if name := personName(c); name != "" {
		return name
	}
	if name := strings.TrimSpace(c.CompanyName.Value); name != "" {
		return name
	}
	return c.Number.International()
}
