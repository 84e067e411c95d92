package api

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// The sizes of a page. The platform's own limit is 20; callbook allows more.
const (
	defaultLimit = 20
	maxLimit     = 1000
)

// window is the part of a collection that a request asks for.
type window struct {
	query addressbook.Query
	words url.Values // the whole query, kept in the links to other pages
}

var sortFields = map[string]addressbook.SortField{
	"date_created": addressbook.ByCreated,
	"date_updated": addressbook.ByUpdated,
	"name":         addressbook.ByName,
}

// parseWindow reads offset, limit and sort_by.
func parseWindow(r *http.Request) (window, error) {
	words, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return window{}, fault.New(fault.Invalid, "Invalid query: "+err.Error())
	}
	w := window{words: words, query: addressbook.Query{Window: addressbook.Window{Limit: defaultLimit}}}
	if words.Has("limit") {
		w.query.Limit, err = strconv.Atoi(words.Get("limit"))
		if errors.Is(err, strconv.ErrRange) && w.query.Limit > 0 {
			err = nil // Atoi returns the largest int
		}
		if err != nil || w.query.Limit < 1 {
			return window{}, fault.New(fault.Invalid, "Invalid limit: it must be a number, 1 or more")
		}
		w.query.Limit = min(w.query.Limit, maxLimit)
	}
	if words.Has("offset") {
		w.query.Offset, err = strconv.Atoi(words.Get("offset"))
		if err != nil || w.query.Offset < 0 {
			return window{}, fault.New(fault.Invalid, "Invalid offset: it must be a number, 0 or more")
		}
	}
	if words.Has("sort_by") {
		field, direction, _ := strings.Cut(strings.ToLower(words.Get("sort_by")), ":")
		var known bool
		w.query.Sort, known = sortFields[field]
		w.query.Desc = direction == "desc"
		if !known || direction != "" && direction != "asc" && direction != "desc" {
			return window{}, fault.New(fault.Invalid,
				"Invalid sort_by: it must be date_created, date_updated or name, then :asc or :desc")
		}
	}
	return w, nil
}

// appendMetadata appends the metadata of the page that the window showed.
func (w window) appendMetadata(b []byte, path string, count, total int) []byte {
	offset, limit := w.query.Offset, w.query.Limit
	for _, field := range []struct {
		key   string
		value int
	}{
		{`,"metadata":{"count":`, count},
		{`,"offset":`, offset},
		{`,"limit":`, limit},
		{`,"total":`, total},
		{`,"page_size":`, limit},
	} {
		b = append(b, field.key...)
		b = strconv.AppendInt(b, int64(field.value), 10)
	}
	b = append(b, `,"first_page_uri":`...)
	b = appendString(b, w.uri(path, 0))
	b = append(b, `,"prev_page_uri":`...)
	if offset > 0 {
		b = appendString(b, w.uri(path, max(0, offset-limit)))
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"next_page_uri":`...)
	if total-limit > offset {
		b = appendString(b, w.uri(path, offset+limit))
	} else {
		b = append(b, "null"...)
	}
	return append(b, '}')
}

// uri is the path and query of the same collection from another offset on.
func (w window) uri(path string, offset int) string {
	w.words.Set("offset", strconv.Itoa(offset))
	w.words.Set("limit", strconv.Itoa(w.query.Limit))
	return path + "?" + w.words.Encode()
}
