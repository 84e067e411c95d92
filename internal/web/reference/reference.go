// Package reference is the pages that show what the API can do, and the console that
// tries it.
//
// The reference is the OpenAPI document as pages. They are made here and not by one
// of the known viewers: those are several hundred KB of script, and want inline
// styles, which the security policy keeps out.
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

// Room is the pages that show the API, and the console that asks it.
type Room struct {
	Document []byte // the OpenAPI document, as YAML
	document func() (*apidoc.Document, error)
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	// It takes some milliseconds, which a start need not wait for.
	room.document = sync.OnceValues(func() (*apidoc.Document, error) { return apidoc.Parse(room.Document) })
	d.AddEntries(room.entries)
	d.Handle("GET /api/reference", room.referencePage)
	d.Handle("GET /api/reference/{operation}", room.operationPage)
	d.Handle("GET /api/console", room.consolePage)
	d.HandleTyped("POST /api/console", "/api/console", room.consoleSend)
}

// entries are the operations of the reference.
func (room *Room) entries() (all []shell.Entry) {
	document, err := room.document()
	if err != nil {
		return nil // its page says so
	}
	for _, g := range document.Groups {
		for _, op := range g.Operations {
			all = append(all, shell.Entry{Path: "/api/reference/" + op.ID, Label: op.Summary, More: op.Method + " " + op.Path, Reference: true})
		}
	}
	return all
}

// index is the list of operations beside each page, and the search in them.
type index struct {
	Tabs   []shell.Tab
	Groups []apidoc.Group
	Open   string // the id of the operation that is shown; "" for none
	Query  string
}

func newIndex(document *apidoc.Document, open, query string) index {
	return index{shell.APITabs("/api/reference"), document.Groups, open, query}
}

// referencePage is what the template reference.html shows: the document, or what a search
// has found in it.
type referencePage struct {
	Index index
	*apidoc.Document
	Found      []apidoc.Found
	FoundCodes []apidoc.Code
	Paragraphs []string
}

// maxQuery is how many bytes of a query are looked for.
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

// operationPage is what the template operation.html shows.
type operationPage struct {
	Index index
	*apidoc.Operation
	// Try is the console with the operation filled in; "" where it cannot be
	// tried there.
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
