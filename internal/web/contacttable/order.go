package contacttable

import (
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/web/shell"
)

// Sorts are the orders of a table of contacts, the default first. ListSorts are those of
// a table of lists. The table of a list's contacts has joinedSorts besides.
var (
	ListSorts = []shell.Option{
		{Value: "", Label: "Added last"}, {Value: "created", Label: "Added first"},
		{Value: "-updated", Label: "Changed last"}, {Value: "updated", Label: "Changed first"},
		{Value: "name", Label: "Name, A to Z"}, {Value: "-name", Label: "Name, Z to A"},
	}
	Sorts = append(slices.Clone(ListSorts), []shell.Option{
		{Value: "number", Label: "Number, 0 to 9"}, {Value: "-number", Label: "Number, 9 to 0"},
		{Value: "company", Label: "Company, A to Z"}, {Value: "-company", Label: "Company, Z to A"},
		{Value: "email", Label: "E-mail, A to Z"}, {Value: "-email", Label: "E-mail, Z to A"},
		{Value: "tag", Label: "Tag, A to Z"}, {Value: "-tag", Label: "Tag, Z to A"},
	}...)
	joinedSorts = []shell.Option{{Value: "-joined", Label: "Joined last"}, {Value: "joined", Label: "Joined first"}}
)

var sortFields = map[string]addressbook.SortField{
	"created": addressbook.ByCreated, "updated": addressbook.ByUpdated, "joined": addressbook.ByJoined, "name": addressbook.ByPerson, "number": addressbook.ByNumber,
	"company": addressbook.ByCompany, "email": addressbook.ByEmail, "tag": addressbook.ByTag,
}

// Order returns the filter's part of a query. Contacts without a text in the column come
// last in both directions.
func (f Filter) Order() addressbook.Window {
	field, desc := strings.CutPrefix(f.Sort, "-")
	if field == "" {
		return addressbook.Window{Desc: true}
	}
	return addressbook.Window{Sort: sortFields[field], Desc: desc, BlanksFirst: desc}
}

// ListOrder returns the filter's part of a query for lists.
func (f Filter) ListOrder() addressbook.Window {
	w := f.Order()
	switch w.BlanksFirst = false; w.Sort {
	case addressbook.ByCreated, addressbook.ByUpdated:
	default:
		w.Sort = addressbook.ByName
	}
	return w
}

// Head is the head of a column, which may sort the table.
type Head struct {
	Label string
	URL   string // the table sorted by the column; "" if it cannot be
	Aria  string // the value of aria-sort: ascending, descending, or "" if the table is sorted otherwise
}

// columnSorts has two orders for each column: that of the first click on its head, and
// the opposite one. Dates begin with the latest.
var columnSorts = map[string][2]string{
	"name": {"name", "-name"}, "number": {"number", "-number"}, "company_name": {"company", "-company"},
	"email": {"email", "-email"}, "tag": {"tag", "-tag"}, "date_created": {"", "created"}, "date_updated": {"-updated", "updated"},
	dateJoined: {"-joined", "joined"},
}

// Head returns the head of the column with this key.
func (t Table) Head(key, label string) Head {
	sorts, ok := columnSorts[key]
	if !ok {
		return Head{Label: label}
	}
	h, f := Head{Label: label}, t.Filter
	switch f.Sort {
	case sorts[0]:
		f.Sort = sorts[1]
		h.Aria = direction(sorts[0])
	case sorts[1]:
		f.Sort = sorts[0]
		h.Aria = direction(sorts[1])
	default:
		f.Sort = sorts[0]
	}
	h.URL = f.URL(t.Path)
	return h
}

func direction(sort string) string {
	if sort == "" || strings.HasPrefix(sort, "-") {
		return "descending"
	}
	return "ascending"
}
