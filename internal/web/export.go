package web

import (
	"net/http"
	"net/url"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// ExportURL is where the table's contacts can be had as a CSV file.
func (t contactTable) ExportURL() string { return t.Filter.URL(t.Path + "/export") }

// exportTable sends the contacts of a table, all pages of it, as a CSV file: it is
// the API's export, asked by this account. List may be nil.
func exportTable(r *http.Request, book *addressbook.Book, list *addressbook.SID) (answer, error) {
	filter := filterOf(r.URL.Query())
	path := "/contacts/export"
	if list != nil {
		path = "/lists/" + list.String() + "/export"
		filter.List = ""
		if _, err := book.List(r.Context(), accountOf(r), *list); err != nil {
			return answer{}, err
		}
	}
	q, wrong, err := filter.query(r.Context(), book, accountOf(r))
	if err != nil {
		return answer{}, err
	}
	if wrong != "" {
		return answer{}, fault.New(fault.NotFound, wrong)
	}
	words := url.Values{}
	for name, value := range map[string]string{
		"q": q.Search, "number": q.Number, "tag": q.Tag, "calling_code": filter.Country,
	} {
		if value != "" {
			words.Set(name, value)
		}
	}
	for _, sid := range q.Lists {
		words.Set("list_sids", sid.String())
	}
	if filter.Sort == "" { // the order in which they were added is the other one that a file can have
		words.Set("sort_by", "date_created:desc")
	}
	return answerOfAPI(path, words), nil
}
