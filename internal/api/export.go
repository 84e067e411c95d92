package api

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/export"
	"callbook/internal/fault"
)

// exportBytes is the memory of an export beside its pages of contacts.
const exportBytes = 1 << 20

// exportFormat is a format of exports.
type exportFormat struct {
	mediaType string
	extension string
	packed    bool // whether the format is compressed itself
	write     func(ctx context.Context, e *export.Export, enc *encoder, w io.Writer) error
}

var exportFormats = map[string]exportFormat{
	"csv": {export.CSVType, ".csv", false, func(ctx context.Context, e *export.Export, _ *encoder, w io.Writer) error {
		return e.CSV(ctx, w)
	}},
	"xlsx": {export.XLSXType, ".xlsx", true, func(ctx context.Context, e *export.Export, _ *encoder, w io.Writer) error {
		return e.XLSX(ctx, w)
	}},
	"ndjson": {"application/x-ndjson", ".ndjson", false, writeNDJSON},
}

// exportRequest is a request for an export.
type exportRequest struct {
	query  addressbook.Query
	format exportFormat
	name   string // the file's name without its extension
}

// handleExports adds the routes of exports.
func (a *API) handleExports(base string) {
	contacts := a.export(func(r *http.Request) (exportRequest, error) {
		request, w, err := parseExport(r, "list_sids")
		if err != nil {
			return request, err
		}
		request.query.Lists, err = w.listSIDs()
		request.name = "contacts-" + accountOf(r).SID
		return request, err
	})
	a.serve("GET "+base+"/contacts/export", func(w http.ResponseWriter, r *http.Request) {
		if isPerson(r) {
			a.exportPerson(w, r)
		} else {
			contacts(w, r)
		}
	})
	a.serve("GET "+base+"/lists/{sid}/export", a.export(func(r *http.Request) (exportRequest, error) {
		request, _, err := parseExport(r)
		if err != nil {
			return request, err
		}
		// Answer 404 if the list does not exist, and an empty file if it is empty.
		list, err := a.book.List(r.Context(), accountOf(r), sidIn(r, "sid"))
		request.query.Lists = []addressbook.SID{list.SID}
		request.name = list.Name
		return request, err
	}))
}

// exportWords are the query parameters of every export. Others are refused, because a
// misspelt filter would export everything, and nobody would notice.
var exportWords = []string{"name", "number", "tag", "tag_part", "email", "q", "calling_code", "regions", "except_regions", "line_types", "untagged", "except_tags", "upload_sid", "custom_key", "custom_value", "created_from", "created_before", "sort_by", "format"}

// parseExport reads the filters and the format. It refuses parameters other than
// exportWords and more.
func parseExport(r *http.Request, more ...string) (exportRequest, window, error) {
	query, w, err := parseContactQuery(r, "", maxLimit)
	if err != nil {
		return exportRequest{}, w, err
	}
	for _, word := range slices.Sorted(maps.Keys(w.words)) {
		if !slices.Contains(exportWords, word) && !slices.Contains(more, word) {
			return exportRequest{}, w, fault.New(fault.Invalid, "Invalid "+shorten(word)+": an export does not take it")
		}
	}
	if query.Sort != addressbook.ByCreated {
		return exportRequest{}, w, fault.New(fault.Invalid, "Invalid sort_by: an export is sorted by date_created, then :asc or :desc")
	}
	format := exportFormats["csv"]
	if w.words.Has("format") {
		var known bool
		if format, known = exportFormats[strings.ToLower(w.words.Get("format"))]; !known {
			return exportRequest{}, w, fault.New(fault.Invalid, "Invalid format: it must be csv, xlsx or ndjson")
		}
	}
	return exportRequest{query: query, format: format}, w, nil
}

// export returns a handler that sends contacts while it reads them.
func (a *API) export(parse func(*http.Request) (exportRequest, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request, err := parse(r)
		if err != nil {
			Fail(w, r, err)
			return
		}
		f := file{mediaType: request.format.mediaType, name: request.name, extension: request.format.extension, packed: request.format.packed, bytes: exportBytes}
		err = a.sendFile(w, r, f, func() (writeFile, error) {
			found, err := export.Open(r.Context(), a.book, accountOf(r), request.query)
			return func(ctx context.Context, to io.Writer) error {
				return request.format.write(ctx, found, newEncoder(accountOf(r)), to)
			}, err
		})
		if err != nil {
			Fail(w, r, err)
		}
	}
}

// writeNDJSON writes each contact as a line of JSON, as it stands in answers.
func writeNDJSON(ctx context.Context, e *export.Export, enc *encoder, w io.Writer) error {
	const most = 64 << 10 // bytes of one write, beside one contact
	var b []byte
	for contacts, err := range e.Pages(ctx) {
		if err != nil {
			return err
		}
		for i := range contacts {
			start := len(b)
			b = enc.contact(b, &contacts[i])
			// Replace line ends between the values of custom_field by blanks: a contact
			// is one line, and early versions stored the JSON as it came.
			oneLine(b[start:])
			b = append(b, '\n')
			if len(b) >= most {
				if _, err := w.Write(b); err != nil {
					return err
				}
				b = b[:0]
			}
		}
	}
	// Write even if b is empty, because the answer begins with a write.
	_, err := w.Write(b)
	return err
}

func oneLine(b []byte) {
	for _, end := range []byte("\r\n") {
		for at := bytes.IndexByte(b, end); at >= 0; at = bytes.IndexByte(b, end) {
			b[at] = ' '
		}
	}
}
