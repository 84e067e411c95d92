// Package contacttable is the table of contacts that the pages of several rooms
// show: how it is filtered, sorted and paged, and what is selected in it.
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

// Pages has the parts with which the pages of rooms show a table.
var Pages = shell.NewPages(files)

// Table is what the part "contact-table" shows: a page of contacts, of
// the whole account or of one list.
type Table struct {
	Path   string // of the page
	Filter Filter
	Wrong  string // why the filter cannot be
	Rows   []Row
	Part
	// Size is how many rows a page may have.
	Size int
	// List is the one whose members these are, nil for the whole account.
	List *addressbook.List
	// Columns are those beside the name, and Choices those that it could have.
	Columns []Column
	Choices []Choice
	// Here is the address of the page, without words that say nothing.
	Here string
}

// Row is one of the table.
type Row struct {
	addressbook.Contact
	Name   string
	Number string            // in groups
	custom map[string]string // see customTexts
}

// RowOf is the row of a contact.
func RowOf(c addressbook.Contact) Row {
	return Row{Contact: c, Name: words.PersonName(c), Number: c.Number.International()}
}

// Company and Tag return texts that pages show in a form of their own.
func (r Row) Company() string { return r.Texts[addressbook.CompanyName].Value }
func (r Row) Tag() string     { return r.Texts[addressbook.Tag].Value }

// Title is what the row is called: the contact's name, or its company's, or its number.
func (r Row) Title() string { return words.ContactTitle(r.Contact) }

// ByJoined tells whether it sorts by when contacts were put into the list of the table.
func (f Filter) ByJoined() bool { return strings.TrimPrefix(f.Sort, "-") == "joined" }

// ByUpdated tells which of its dates a row shows.
func (t Table) ByUpdated() bool { return strings.HasSuffix(t.Filter.Sort, "updated") }

// Sorts are the choices of the order.
func (t Table) Sorts() []shell.Option {
	if t.List != nil {
		return slices.Concat(Sorts, joinedSorts)
	}
	return Sorts
}

// Read reads the page that a request's address asks for. List may be nil.
func Read(r *http.Request, book *addressbook.Book, path string, list *addressbook.List) (Table, error) {
	query := r.URL.Query()
	t := Table{Path: path, Filter: FilterOf(query), List: list, Here: here(path, query)}
	if list != nil {
		t.Filter.List = ""
	} else if t.Filter.ByJoined() {
		t.Filter.Sort = ""
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
			key = "date_updated" // what it is sorted by is to be seen
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

// From is the table's page that a form or an address says somebody came from;
// "/contacts" where it says none.
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

// maxFrom bounds the address of a table, in bytes.
const maxFrom = 4 << 10

// here is the address of the page at path with those words of its query that say
// anything.
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
