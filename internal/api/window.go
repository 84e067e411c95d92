package api

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// The sizes of pages. Exotel's limit is 20; callbook allows more, because clients ask for
// 5,000 contacts of a list and never for the next page.
const (
	defaultLimit    = 20
	maxLimit        = 1000
	maxMembersLimit = 5000
)

// window is the part of a collection that a request asks for.
type window struct {
	addressbook.Window
	path  string                // the collection's path
	words url.Values            // the whole query, repeated in links to other pages
	next  *addressbook.Position // the beginning of the next page; set after this page was read
	paths pagePaths
}

// pagePaths tells how the collection is paginated.
type pagePaths struct {
	byOffset   bool   // by offset only, without cursors
	byCursor   bool   // the request has a cursor that is not a Position
	nextCursor string // the cursor of the next page, if it is not a Position
}

var sortFields = map[string]addressbook.SortField{
	"date_created": addressbook.ByCreated,
	"date_updated": addressbook.ByUpdated,
	"name":         addressbook.ByName,
}

// parseWords parses the query.
func parseWords(r *http.Request) (url.Values, error) {
	words, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fault.New(fault.Invalid, "Invalid query: "+shorten(err.Error()))
	}
	for _, name := range slices.Sorted(maps.Keys(words)) {
		if plain := indexed.ReplaceAllString(name, "$1"); plain != name {
			words[plain] = append(words[plain], words[name]...)
			delete(words, name)
		}
	}
	return words, nil
}

// indexed matches an array parameter as axios, Faraday and PHP spell it: list_sids[] and
// list_sids[0] mean list_sids.
var indexed = regexp.MustCompile(`^(.+?)\[\d*\]$`)

// parseWindow reads limit, sort_by, and offset or cursor.
func parseWindow(r *http.Request, path string, most int) (window, error) {
	w, err := parseUnsorted(r, path, most)
	if err != nil {
		return window{}, err
	}
	words := w.words
	if words.Has("sort_by") {
		field, direction, _ := strings.Cut(strings.ToLower(words.Get("sort_by")), ":")
		var known bool
		w.Sort, known = sortFields[field]
		w.Desc = direction == "desc"
		if !known || direction != "" && direction != "asc" && direction != "desc" {
			return window{}, fault.New(fault.Invalid,
				"Invalid sort_by: it must be date_created, date_updated or name, then :asc or :desc")
		}
	}
	if words.Has("cursor") {
		err = w.parseCursor(words.Get("cursor"))
	}
	return w, err
}

// parseUnsorted reads limit and offset. A limit above most is clamped.
func parseUnsorted(r *http.Request, path string, most int) (window, error) {
	words, err := parseWords(r)
	if err != nil {
		return window{}, err
	}
	w := window{Window: addressbook.Window{Limit: defaultLimit}, path: path, words: words}
	if words.Has("limit") {
		w.Limit, err = strconv.Atoi(words.Get("limit"))
		if errors.Is(err, strconv.ErrRange) && w.Limit > 0 {
			err = nil // out of range: Atoi has returned the largest int
		}
		if err != nil || w.Limit < 1 {
			return window{}, fault.New(fault.Invalid, "Invalid limit: it must be a number, 1 or more")
		}
		w.Limit = min(w.Limit, most)
	}
	if words.Has("offset") {
		w.Offset, err = strconv.Atoi(words.Get("offset"))
		if err != nil || w.Offset < 0 {
			return window{}, fault.New(fault.Invalid, "Invalid offset: it must be a number, 0 or more")
		}
	}
	return w, nil
}

// text returns the value of a parameter that filters by a text; "" means no filter.
func (w window) text(word string) (string, error) {
	text := w.words.Get(word)
	// No stored text has a NUL byte or invalid UTF-8, so do not ask the store.
	if strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
		return "", fault.New(fault.Invalid, "Invalid "+word+": it must be UTF-8 without the NUL character")
	}
	return text, nil
}

// parseContactQuery reads the parameters of parseWindow and the filters of contacts.
func parseContactQuery(r *http.Request, path string, most int) (addressbook.Query, window, error) {
	w, err := parseWindow(r, path, most)
	if err != nil {
		return addressbook.Query{}, window{}, err
	}
	query := addressbook.Query{Window: w.Window, WithLists: w.words.Has("filter")}
	if query.WithLists && !strings.EqualFold(w.words.Get("filter"), "show_list") {
		return addressbook.Query{}, window{}, fault.New(fault.Invalid, "Invalid filter: it must be show_list")
	}
	for word, into := range map[string]*string{
		"name":     &query.Name,
		"number":   &query.Number,
		"tag":      &query.Tag,
		"tag_part": &query.TagPart,
		"email":    &query.Email,
		"q":        &query.Search,

		"custom_key":   &query.Custom.Key,
		"custom_value": &query.Custom.Part,
	} {
		if *into, err = w.text(word); err != nil {
			return addressbook.Query{}, window{}, err
		}
	}
	if query.Custom.Key == "" && query.Custom.Part != "" {
		return addressbook.Query{}, window{}, fault.New(fault.Invalid, "Invalid custom_value: it goes with a custom_key")
	}
	query.Number = plusNumber(query.Number)
	if text := w.words.Get("calling_code"); text != "" {
		code, err := strconv.Atoi(strings.TrimLeft(text, "+ "))
		if err != nil || len(phone.CallingCode(code).Regions()) == 0 {
			return addressbook.Query{}, window{}, fault.New(fault.Invalid, "Invalid calling_code: it must be that of a country, as 91")
		}
		query.Numbers = phone.CallingCode(code).Numbers()
	}
	if err := w.parseKinds(&query); err != nil {
		return addressbook.Query{}, window{}, err
	}
	for word, into := range map[string]*time.Time{
		"created_from":   &query.Created.From,
		"created_before": &query.Created.Until,
	} {
		// A plus that was not escaped arrives as a blank.
		text := strings.ReplaceAll(w.words.Get(word), " ", "+")
		if text == "" {
			continue
		}
		if *into, err = time.Parse(time.RFC3339, text); err != nil {
			return addressbook.Query{}, window{}, fault.New(fault.Invalid, "Invalid "+word+": it must be a time as 2026-11-29T00:00:00+05:30")
		}
	}
	return query, w, nil
}

// plusNumber returns the number in a query, with a leading plus. A plus that was not
// escaped arrives as a blank. Without the plus, a number of another country could be
// taken for a national one.
func plusNumber(text string) string {
	if rest, ok := strings.CutPrefix(text, " "); ok && rest != "" && '1' <= rest[0] && rest[0] <= '9' {
		return "+" + rest
	}
	return text
}

// listSIDs reads list_sids. It returns nil if there is none.
func (w window) listSIDs() (lists []addressbook.SID, err error) {
	for _, one := range w.several("list_sids") {
		sid, ok := addressbook.ParseSID(one)
		if !ok {
			return nil, fault.New(fault.Invalid, "Invalid list_sids: each must have 32 hexadecimal digits")
		}
		lists = append(lists, sid)
	}
	return lists, nil
}

// several returns the values of a parameter that may be repeated, and may have several
// values separated by commas.
func (w window) several(word string) (values []string) {
	for _, some := range w.words[word] {
		for one := range strings.SplitSeq(some, ",") {
			if one = strings.TrimSpace(one); one != "" {
				values = append(values, one)
			}
		}
	}
	return values
}

// appendMetadata appends the metadata of the page.
func (w window) appendMetadata(b []byte, count, total int) []byte {
	offset, limit := w.Offset, w.Limit
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
	b = appendString(b, w.uriAt(0))
	b = append(b, `,"prev_page_uri":`...)
	if offset > 0 {
		b = appendString(b, w.uriAt(max(0, offset-limit)))
	} else {
		b = append(b, "null"...)
	}
	cursor, byCursor := w.paths.nextCursor, w.paths.byCursor || w.After != nil
	if w.next != nil {
		cursor = w.cursor()
	}
	b = append(b, `,"next_page_uri":`...)
	switch {
	case byCursor && cursor != "":
		b = appendString(b, w.uri("cursor", cursor))
	case !byCursor && total-limit > offset:
		b = appendString(b, w.uriAt(offset+limit))
	default:
		b = append(b, "null"...)
	}
	if !w.paths.byOffset {
		b = appendStringOrNull(append(b, `,"next_cursor":`...), cursor)
	}
	return append(b, '}')
}

// uriAt returns the path and query of the page that begins at an offset.
func (w window) uriAt(offset int) string { return w.uri("offset", strconv.Itoa(offset)) }

// uri returns the path and query of another page of the collection. The parameter word,
// offset or cursor, has the value place.
func (w window) uri(word, place string) string {
	w.words.Del("offset")
	w.words.Del("cursor")
	w.words.Set(word, place)
	w.words.Set("limit", strconv.Itoa(w.Limit))
	return w.path + "?" + w.words.Encode()
}
