package web

import (
	"fmt"
	"net/http"
	"net/url"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/export"
	"callbook/internal/fault"
	"callbook/internal/slowbody"
)

// ExportURL is where the table's contacts can be had as a CSV file.
func (t contactTable) ExportURL() string { return t.Filter.URL(t.Path + "/export") }

// exportContacts sends the contacts of a table, all pages of it, as a CSV file:
// it is the API's export, asked by this account.
func (d *Dashboard) exportContacts(r *http.Request) (answer, error) {
	acct, filter := accountOf(r), filterOf(r.URL.Query())
	path := "/contacts/export"
	if r.PathValue("sid") != "" { // of a list
		list := sidIn(r, "sid")
		path = "/lists/" + list.String() + "/export"
		filter.List = ""
		if _, err := d.cfg.Book.List(r.Context(), acct, list); err != nil {
			return answer{}, err
		}
	}
	q, wrong, err := d.query(r.Context(), acct, filter)
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
	return answer{raw: func(w http.ResponseWriter, r *http.Request) {
		request := r.Clone(r.Context())
		request.URL = &url.URL{Path: accountPath(r) + path, RawQuery: words.Encode()}
		request.RequestURI = request.URL.RequestURI()
		d.api(r).ServeHTTP(w, request)
	}}, nil
}

// exportSelected sends the selected contacts as a CSV file. Those that somebody
// deleted meanwhile are not in it.
func (d *Dashboard) exportSelected(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	ctx, acct, s := r.Context(), accountOf(r), selectionIn(r.PostForm)
	if s.All {
		path := "/contacts"
		if s.List != nil {
			path = "/lists/" + s.List.String()
		}
		return goTo(s.Filter.URL(path + "/export")), nil
	}
	if len(s.SIDs) == 0 {
		return d.askSelected(r, selectedData{selection: s}) // which says so
	}
	share := budget.Of(ctx)
	contacts := make([]addressbook.Contact, 0, len(s.SIDs))
	for _, sid := range s.SIDs {
		c, err := d.cfg.Book.Contact(ctx, acct, sid)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err == nil {
			err = share.Claim(c.Weight())
		}
		if err != nil {
			return answer{}, err
		}
		contacts = append(contacts, c)
	}
	return answer{raw: func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/csv; charset=utf-8")
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="selected-%s.csv"`, acct.SID))
		if err := export.Of(acct, contacts).CSV(r.Context(), slowbody.NewAnswer(w, budget.Of(r.Context()).Scarce)); err != nil {
			panic(http.ErrAbortHandler) // the client went away, or the file would look whole
		}
	}}, nil
}
