// Package contacttable is the table of contacts that the pages of several rooms
// show: how it is filtered, sorted and paged, and what is selected in it.
package contacttable

import (
	"embed"
	"net/http"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/web/shell"
)

//go:embed *.html
var files embed.FS

// Pages has the parts with which the pages of rooms show a table.
var Pages = shell.NewPages(files)

// PageRows is how many rows a page of a table has.
const PageRows = 50

// Table is what the part "contact-table" shows: a page of contacts, of
// the whole account or of one list.
type Table struct {
	Path   string // of the page
	Filter Filter
	Wrong  string // why the filter cannot be
	Rows   []Row
	Total  int
	// Previous and Next are the addresses of the pages there; "" for none.
	Previous, Next string
	// List is the one whose members these are, nil for the whole account.
	List *addressbook.List
}

// Row is one of the table.
type Row struct {
	addressbook.Contact
	Name   string
	Number string // in groups
}

// RowOf is the row of a contact.
func RowOf(c addressbook.Contact) Row {
	return Row{Contact: c, Name: personName(c), Number: c.Number.International()}
}

// Company, Email and Tag return the texts that the table has columns for.
func (r Row) Company() string { return r.Texts[addressbook.CompanyName].Value }
func (r Row) Email() string   { return r.Texts[addressbook.Email].Value }
func (r Row) Tag() string     { return r.Texts[addressbook.Tag].Value }

// ByUpdated tells which of its dates a row shows.
func (t Table) ByUpdated() bool { return strings.HasSuffix(t.Filter.Sort, "updated") }

// Countries are the choices of the filter by country.
func (t Table) Countries() []shell.Option { return countries() }

// Sorts are the choices of the order.
func (t Table) Sorts() []shell.Option { return Sorts }

// More tells whether more contacts match than are on the page.
func (t Table) More() bool { return t.Total > len(t.Rows) }

// Read reads the page that a request's address asks for. List may be nil.
func Read(r *http.Request, book *addressbook.Book, path string, list *addressbook.List) (Table, error) {
	query := r.URL.Query()
	t := Table{Path: path, Filter: FilterOf(query), List: list}
	if list != nil {
		t.Filter.List = ""
	}
	ctx, acct := r.Context(), shell.AccountOf(r)
	q, wrong, err := t.Filter.query(ctx, book, acct)
	if err != nil || wrong != "" {
		t.Wrong = wrong
		return t, err
	}
	if list != nil {
		q.Lists = []addressbook.SID{list.SID}
	}
	q.Limit = PageRows
	read := func(w addressbook.Window) ([]addressbook.Contact, *addressbook.Position, error) {
		q.Window = w
		page, err := book.Contacts(ctx, acct, q)
		t.Total = page.Total
		return page.Contacts, page.Next, err
	}
	position := func(c addressbook.Contact) addressbook.Position {
		return c.Position(q.Window)
	}
	address := func(word, place string) string { return t.Filter.URL(path, word, place) }
	contacts, previous, next, err := Turn(query, q.Window, read, position, address)
	t.Previous, t.Next = previous, next
	for _, c := range contacts {
		t.Rows = append(t.Rows, RowOf(c))
	}
	return t, err
}

// personName is a contact's first and last name; "" when it has none.
func personName(c addressbook.Contact) string {
	return strings.TrimSpace(c.Texts[addressbook.FirstName].Value + " " + c.Texts[addressbook.LastName].Value)
}

// Title is what to call a contact: its name, or else its company's, or else its
// number.
func Title(c addressbook.Contact) string {
	if name := personName(c); name != "" {
		return name
	}
	if name := strings.TrimSpace(c.Texts[addressbook.CompanyName].Value); name != "" {
		return name
	}
	return c.Number.International()
}
