package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"callbook/internal/account"
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
	Name     string
	Number   string // in groups
	Position addressbook.Position
}

// ByUpdated tells which of its dates a row shows.
func (t contactTable) ByUpdated() bool { return strings.HasSuffix(t.Filter.Sort, "updated") }

// More tells whether more contacts match than are on the page.
func (t contactTable) More() bool { return t.Total > len(t.Rows) }

// contactTable reads the page that a request's address asks for. List may be
// nil.
func (d *Dashboard) contactTable(r *http.Request, path string, list *addressbook.List) (contactTable, error) {
	words := r.URL.Query()
	t := contactTable{Path: path, Filter: filterOf(words), List: list}
	if list != nil {
		t.Filter.List = ""
	}
	ctx, acct := r.Context(), accountOf(r)
	q, wrong, err := d.query(ctx, acct, t.Filter)
	if err != nil || wrong != "" {
		t.Wrong = wrong
		return t, err
	}
	if list != nil {
		q.Lists = []addressbook.SID{list.SID}
	}
	q.Limit = tableRows
	if before := placeOf(words.Get("before")); before != nil {
		err = d.pageBefore(ctx, acct, &t, q, before)
		if err != nil || t.Previous != "" {
			return t, err
		}
		// Less than a page is before it: that is the first one.
	}
	q.After = placeOf(words.Get("after"))
	page, err := d.cfg.Book.Contacts(ctx, acct, q)
	if err != nil {
		return t, err
	}
	t.fill(page, q.Window)
	if q.After != nil && len(t.Rows) > 0 {
		t.Previous = t.Filter.URL(path, "before", place(t.Rows[0].Position))
	}
	if page.Next != nil {
		t.Next = t.Filter.URL(path, "after", place(*page.Next))
	}
	return t, nil
}

// pageBefore reads the page that ends before a position: the first page of the
// other direction, turned round. It leaves Previous empty when that is the
// first.
func (d *Dashboard) pageBefore(ctx context.Context, acct account.Account, t *contactTable, q addressbook.Query, before *addressbook.Position) error {
	q.Desc, q.After = !q.Desc, before
	page, err := d.cfg.Book.Contacts(ctx, acct, q)
	if err != nil || page.Next == nil {
		return err
	}
	slices.Reverse(page.Contacts)
	t.fill(page, q.Window)
	t.Previous = t.Filter.URL(t.Path, "before", place(t.Rows[0].Position))
	t.Next = t.Filter.URL(t.Path, "after", place(t.Rows[len(t.Rows)-1].Position))
	return nil
}

func (t *contactTable) fill(page addressbook.Page, w addressbook.Window) {
	t.Total = page.Total
	for _, c := range page.Contacts {
		t.Rows = append(t.Rows, contactRow{
			Contact: c,
			Name:    personName(c),
			Number:  c.Number.International(),
			Position: addressbook.Position{
				Key: w.SortKey(c.Updated, addressbook.NameKey(c.FirstName.Value, c.LastName.Value)),
				SID: c.SID,
			},
		})
	}
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
