package contacttable

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

// formats are the formats of exports by their names in the API, the default first.
var formats = []string{"csv", "xlsx"}

// FormatIn returns the format of an export that a form or URL names, or the default.
func FormatIn(form url.Values) string {
	return formats[max(0, slices.Index(formats, form.Get("format")))]
}

// ExportURL returns the URL of an export of the table's contacts in this format.
func (t Table) ExportURL(format string) string { return exportURL(t.Filter, t.Path, format) }

func exportURL(f Filter, path, format string) string {
	return f.URL(path+"/export", "format", format)
}

// Export sends all contacts of a table as a file. It forwards the request to the API's
// export in the visitor's account. List may be nil.
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
	query := url.Values{"format": {FormatIn(r.URL.Query())}}
	for name, value := range map[string]string{
		"q": q.Search, "number": q.Number, "tag": q.Tag, "tag_part": q.TagPart, "upload_sid": filter.Import,
		"except_regions": filter.CountriesExcept, "line_types": filter.Kind, "custom_key": q.Custom.Key, "custom_value": q.Custom.Part,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, at := range map[string]time.Time{"created_from": q.Created.From, "created_before": q.Created.Until} {
		if !at.IsZero() {
			query.Set(name, at.Format(time.RFC3339))
		}
	}
	if q.Numbers != nil {
		query.Set("calling_code", filter.Country)
	} else if filter.Country != "" {
		query.Set("regions", filter.Country)
	}
	if q.Untagged {
		query.Set("untagged", "true")
	}
	for _, tag := range q.ExceptTags {
		query.Add("except_tags", tag)
	}
	for _, sid := range q.Lists {
		query.Add("list_sids", sid.String())
	}
	if filter.Sort == "" { // newest first; exports turn every other order into oldest first
		query.Set("sort_by", "date_created:desc")
	}
	return shell.FromAPI(path, query), nil
}
