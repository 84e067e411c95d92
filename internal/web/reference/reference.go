// Package reference has the pages that describe the API, and the console that tries it.
//
// The reference renders the OpenAPI document itself. The usual viewers are several
// hundred KB of script, and need inline styles, which the security policy forbids.
package reference

import (
	"embed"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"callbook/internal/apidoc"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files)

// Room has the reference and the console.
type Room struct {
	Document []byte // the OpenAPI document, as YAML
	document func() (*apidoc.Document, error)
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	// Parse on the first use: it takes some milliseconds, which would delay the start.
	room.document = sync.OnceValues(func() (*apidoc.Document, error) { return apidoc.Parse(room.Document) })
	d.AddEntries(room.entries)
	d.Handle("GET /api/reference", room.referencePage)
	d.Handle("GET /api/reference/{operation}", room.operationPage)
	d.Handle("GET /api/console", room.consolePage)
	d.HandleTyped("POST /api/console", "/api/console", room.consoleSend)
}

// entries returns the operations of the reference.
func (room *Room) entries() (all []shell.Entry) {
	document, err := room.document()
	if err != nil {
		return nil // the page of the reference reports the error
	}
	for _, g := range document.Groups {
		for _, op := range g.Operations {
			all = append(all, shell.Entry{Path: "/api/reference/" + op.ID, Label: op.Summary, More: op.Method + " " + op.Path, Reference: true})
		}
	}
	return all
}

// index is the list of operations beside each page, with their search.
type index struct {
	Tabs   []shell.Tab
	Groups []apidoc.Group
	Open   string // the id of the current operation, or ""
	Query  string
}

func newIndex(document *apidoc.Document, open, query string) index {
	return index{shell.APITabs("/api/reference"), document.Groups, open, query}
}

// referencePage is the data of the template reference.html: the document, or the results
// of a search.
type referencePage struct {
	Index index
	*apidoc.Document
	Found      []apidoc.Found
	FoundCodes []apidoc.Code
	Paragraphs []string
}

// maxQuery bounds a search, in bytes.
const maxQuery = 200

func (room *Room) referencePage(r *http.Request) (shell.Answer, error) {
	document, err := room.document()
	if err != nil {
		return shell.Answer{}, err
	}
	query := strings.TrimSpace(r.URL.Query().Get("q"))
	query = strings.ToValidUTF8(query[:min(len(query), maxQuery)], "")
	page := referencePage{
		Index: newIndex(document, "", query), Document: document,
		Found: document.Search(query), FoundCodes: document.FindCodes(query), Paragraphs: document.Paragraphs(query),
	}
	at := "/api/reference"
	if query != "" {
		at += "?" + url.Values{"q": {query}}.Encode()
	}
	return pages.Show("reference", "API reference", page).PieceAt("reference-main", at), nil
}

// operationPage is the data of the template operation.html.
type operationPage struct {
	Index index
	*apidoc.Operation
	// Try is the URL of the console with the operation filled in, or "" if the console
	// cannot send it.
	Try string
}

func (room *Room) operationPage(r *http.Request) (shell.Answer, error) {
	document, err := room.document()
	if err != nil {
		return shell.Answer{}, err
	}
	op := document.Operation(r.PathValue("operation"))
	if op == nil {
		return shell.Answer{}, fault.New(fault.NotFound, "The API has no such operation.")
	}
	return pages.Show("operation", op.Summary, operationPage{newIndex(document, op.ID, ""), op, tryURL(op)}), nil
}

func tryURL(op *apidoc.Operation) string {
	path, ok := strings.CutPrefix(op.Path, "/v2/accounts/{account_sid}")
	if !ok {
		return ""
	}
	request := preset{Method: op.Method, Path: path}
	if op.Body != nil {
		if op.Body.ContentType != "application/json" {
			return ""
		}
		if len(op.Body.Examples) > 0 {
			request.Body = op.Body.Examples[0].Text
		}
	}
	return request.URL()
}
