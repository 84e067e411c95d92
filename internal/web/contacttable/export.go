package contacttable

import (
	"net/http"
	"net/url"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

// ExportURL is where the table's contacts can be had as a CSV file.
func (t Table) ExportURL() string { return t.Filter.URL(t.Path + "/export") }

// Export sends the contacts of a table, all pages of it, as a CSV file: it is
// the API's export, asked by this account. List may be nil.
func Export(r *http.Request, book *addressbook.Book, list *addressbook.SID) (shell.Answer, error) {
	filter := FilterOf(r.URL.Query())
	path := "/contacts/export"
	if list != nil {
		path = "/lists/" + list.String() + "/export"
		filter.List = ""
		if _, err := book.List(r.Context(), shell.AccountOf(r), *list); err != nil {
			return shell.Answer{}, err
		}
	}
	q, wrong, err := filter.query(r.Context(), book, shell.AccountOf(r))
	if err != nil {
		return shell.Answer{}, err
	}
	if wrong != "" {
		return shell.Answer{}, fault.New(fault.NotFound, wrong)
	}
	query := url.Values{}
	for name, value := range map[string]string{
		"q": q.Search, "number": q.Number, "tag": q.Tag, "calling_code": filter.Country,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for _, sid := range q.Lists {
		query.Set("list_sids", sid.String())
	}
	if filter.Sort == "" { // the order in which they were added is the other one that a file can have
		query.Set("sort_by", "date_created:desc")
	}
	return shell.FromAPI(path, query), nil
}
