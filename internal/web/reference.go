package web

import (
	"net/http"
	"strings"
	"sync"

	"callbook/internal/apidoc"
	"callbook/internal/fault"
)

// referenceRoom is the pages that show the API, and the console that asks it.
type referenceRoom struct {
	Document []byte // the OpenAPI document, as YAML
	document func() (*apidoc.Document, error)
}

// Routes implements shell.Room.
func (room *referenceRoom) Routes(d *Dashboard) {
	pages.Parse()
	// It takes some milliseconds, which a start need not wait for.
	room.document = sync.OnceValues(func() (*apidoc.Document, error) { return apidoc.Parse(room.Document) })
	d.handle("GET /api/reference", room.referencePage)
	d.handle("GET /api/reference/{operation}", room.operationPage)
	d.handle("GET /api/console", room.consolePage)
	d.handle("POST /api/console", room.consoleSend)
}

// The reference is the OpenAPI document as pages. They are made here and not by
// one of the known viewers: those are several hundred KB of script, and want
// inline styles, which the security policy keeps out.

// referencePage is what the template reference.html shows.
type referencePage struct {
	Tabs []tab
	*apidoc.Document
}

func (room *referenceRoom) referencePage(*http.Request) (answer, error) {
	document, err := room.document()
	if err != nil {
		return answer{}, err
	}
	return pages.show("reference", "API reference", referencePage{apiTabs("/api/reference"), document}), nil
}

// operationPage is what the template operation.html shows.
type operationPage struct {
	Tabs []tab
	*apidoc.Operation
	// Try is the console with the operation filled in; "" where it cannot be
	// tried there.
	Try string
}

func (room *referenceRoom) operationPage(r *http.Request) (answer, error) {
	document, err := room.document()
	if err != nil {
		return answer{}, err
	}
	op := document.Operation(r.PathValue("operation"))
	if op == nil {
		return answer{}, fault.New(fault.NotFound, "The API has no such operation.")
	}
	return pages.show("operation", op.Summary, operationPage{apiTabs("/api/reference"), op, tryURL(op)}), nil
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
