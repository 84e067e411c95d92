// Package contacttable has the table of contacts that several rooms show, with its
// filters, orders, pages and selections.
package contacttable

import (
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

//go:embed *.html
var files embed.FS

// Pages has the templates of the table, for the pages of rooms.
var Pages = shell.NewPages(files)

// Table is the data of the part "contact-table": a page of contacts, of the whole account
// or of one list.
type Table struct {
	Path   string // the page's path
	Filter Filter
	Wrong  string // why the filter is invalid
	// Status is that of the page: 400 if Wrong is about a text that no such filter can
	// have, and otherwise 200. What htmx asks for while somebody types is always 200.
	Status int
	Rows   []Row
	Part
	// Size is the number of rows on a full page.
	Size int
	// List is the list whose members these are; nil means the whole account.
	List *addressbook.List
	// Columns are the columns beside the name. Choices are the columns to choose from.
	Columns []Column
	Choices []Choice
	// Here is the URL of the page, without empty parameters.
	Here string
}

// Row is a row of the table.
type Row struct {
	addressbook.Contact
	Name   string
	Number string            // in groups
	custom map[string]string // see customTexts
}

// RowOf returns the row of a contact.
func RowOf(c addressbook.Contact) Row {
	return Row{Contact: c, Name: words.PersonName(c), Number: c.Number.International()}
}

// Company and Tag return texts that pages format specially.
func (r Row) Company() string { return r.Texts[addressbook.CompanyName].Value }
func (r Row) Tag() string     { return r.Texts[addressbook.Tag].Value }

// Title returns the title of the row: the contact's name, or its company's, or its
// number.
func (r Row) Title() string { return words.ContactTitle(r.Contact) }

// ByJoined reports whether the table is sorted by when contacts were added to its list.
func (f Filter) ByJoined() bool { return strings.TrimPrefix(f.Sort, "-") == "joined" }

// ByUpdated reports whether rows show the date of the last change instead of that of
// creation.
func (t Table) ByUpdated() bool { return strings.HasSuffix(t.Filter.Sort, "updated") }

// Sorts returns the options of the order.
func (t Table) Sorts() []shell.Option {
	if t.List != nil {
		return slices.Concat(Sorts, joinedSorts)
	}
	return Sorts
}

// Read reads the page for a request's URL. List may be nil.
func Read(r *http.Request, book *addressbook.Book, path string, list *addressbook.List) (Table, error) {
	query := r.URL.Query()
	t := Table{Path: path, Filter: FilterOf(query), List: list, Here: here(path, query), Status: http.StatusOK}
	if list != nil {
		t.Filter.List = ""
	} else if t.Filter.ByJoined() {
		t.Filter.Sort = ""
	}
	ctx, acct := r.Context(), shell.AccountOf(r)
	q, wrong, err := t.Filter.query(ctx, book, acct)
	if err != nil || wrong != "" {
		if t.Wrong = wrong; wrong != "" && t.Filter.unreadable(acct) && !shell.ByHTMX(r) {
			t.Status = http.StatusBadRequest
		}
		return t, err
	}
	if list != nil {
		q.Lists = []addressbook.SID{list.SID}
	}
	t.Size = sizeOf(r)
	q.Limit = t.Size
	keys := columnsOf(r)
	q.WithLists = list != nil && slices.Contains(keys, dateJoined) && !t.Filter.ByJoined()
	joined := make(map[addressbook.SID]time.Time)
	read := func(w addressbook.Window) ([]addressbook.Contact, *addressbook.Position, int, error) {
		q.Window = w
		page, err := book.Contacts(ctx, acct, q)
		for i, lists := range page.Lists {
			for _, l := range lists {
				if list != nil && l.SID == list.SID {
					joined[page.Contacts[i].SID] = l.Joined
				}
			}
		}
		return page.Contacts, page.Next, page.Total, err
	}
	position := func(c addressbook.Contact) addressbook.Position { return c.Position(q.Window) }
	address := func(words ...string) string { return t.Filter.URL(path, words...) }
	contacts, part, err := Turn(query, q.Window, read, position, address)
	t.Part = part
	for _, c := range contacts {
		row := RowOf(c)
		row.custom = customTexts(c)
		if at, ok := joined[c.SID]; ok {
			row.Joined = at
		}
		t.Rows = append(t.Rows, row)
	}
	t.Choices = choices(keys, t.Rows)
	for _, key := range keys {
		if key == "date_created" && t.ByUpdated() && !slices.Contains(keys, "date_updated") {
			key = "date_updated" // show the date by which the table is sorted
		}
		if key == dateJoined && list == nil {
			continue
		}
		t.Columns = append(t.Columns, column(key))
	}
	if t.Filter.ByJoined() && !slices.Contains(keys, dateJoined) {
		t.Columns = append(t.Columns, column(dateJoined))
	}
	return t, err
}

// From returns the URL of the table's page from which the visitor came, according to a
// form or query. The default is "/contacts".
func From(words url.Values) string {
	from := words.Get("from")
	u, err := url.Parse(from)
	if err != nil || u.IsAbs() || u.Host != "" || len(from) > maxFrom {
		return "/contacts"
	}
	list, isList := strings.CutPrefix(u.Path, "/lists/")
	if _, ok := addressbook.ParseSID(list); u.Path != "/contacts" && (!isList || !ok) {
		return "/contacts"
	}
	query := u.Query()
	query.Del(atWord)
	query.Del(ofWord)
	return here(u.Path, query)
}

// maxFrom bounds the URL of a table, in bytes.
const maxFrom = 4 << 10

// here returns the URL of the page at path without empty parameters.
func here(path string, query url.Values) string {
	said := url.Values{}
	for name, values := range query {
		if values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" }); len(values) > 0 {
			said[name] = values[:1]
		}
	}
	if len(said) == 0 {
		return path
	}
	return path + "?" + said.Encode()
}
