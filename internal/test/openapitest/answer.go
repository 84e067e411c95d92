package openapitest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// answer is what came back for a request.
type answer struct {
	method string // of the request
	path   string // of the request, escaped
	status int
	header http.Header
	body   []byte
}

// check returns what about an answer is not as the document says, or nil.
func (d *document) check(a answer) error {
	methods := d.match(a.path)
	op, known := methods[a.method]
	if !known && a.method == http.MethodHead && a.status != http.StatusMethodNotAllowed {
		op, known = methods[http.MethodGet] // as net/http serves it
	}
	if !known {
		return d.checkOutside(a, methods != nil)
	}
	if a.status == http.StatusMethodNotAllowed {
		// An operation documents it for the other methods of its path.
		return errors.New("the document has this method")
	}
	r, ok := op[a.status]
	if !ok {
		return errors.New("the status is not documented")
	}
	return r.check(a)
}

// checkOutside checks an answer of a path or a method that the document does
// not have.
func (d *document) checkOutside(a answer, pathKnown bool) error {
	switch {
	case a.status < 400:
		return errors.New("neither path and method nor such an answer to them are documented")
	case a.status == http.StatusNotFound && pathKnown:
		return errors.New("the path is documented, so this should be 405")
	case a.status == http.StatusMethodNotAllowed && !pathKnown:
		return errors.New("the path is not documented, so this should be 404")
	}
	forms := d.forms(a.path)
	if r, ok := forms.shared[a.status]; ok {
		return r.check(a)
	}
	r := &response{content: map[string]*jsonschema.Schema{"application/json": forms.anyError}}
	return r.check(a)
}

func (r *response) check(a answer) error {
	for _, h := range r.headers {
		if err := h.check(a.header); err != nil {
			return err
		}
	}
	contentType := a.header.Get("Content-Type")
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	schema, ok := r.content[mediaType]
	if !ok {
		return fmt.Errorf("content type %q is not documented", contentType)
	}
	if a.method == http.MethodHead {
		return nil // an answer without its body
	}
	body, err := decoded(a)
	if err != nil {
		return err
	}
	if mediaType != "application/json" {
		return schema.Validate(string(body))
	}
	value, err := parse(body)
	if err != nil {
		return fmt.Errorf("the body is not good JSON: %w", err)
	}
	if err := schema.Validate(value); err != nil {
		return err
	}
	return checkRelations(a, value)
}

func (h header) check(headers http.Header) error {
	values := headers.Values(h.name)
	if len(values) == 0 {
		if h.required {
			return fmt.Errorf("header %s is missing", h.name)
		}
		return nil
	}
	if len(values) > 1 {
		return fmt.Errorf("header %s comes %d times", h.name, len(values))
	}
	var value any = values[0]
	if h.integer {
		n, err := strconv.ParseInt(values[0], 10, 64)
		if err != nil {
			return fmt.Errorf("header %s: %w", h.name, err)
		}
		value = n
	}
	if err := h.schema.Validate(value); err != nil {
		return fmt.Errorf("header %s: %w", h.name, err)
	}
	return nil
}

// decoded returns the body without its compression: a test that asks for gzip
// by itself gets gzip.
func decoded(a answer) ([]byte, error) {
	switch encoding := a.header.Get("Content-Encoding"); encoding {
	case "":
		return a.body, nil
	case "gzip":
		r, err := gzip.NewReader(bytes.NewReader(a.body))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	default:
		return nil, fmt.Errorf("content encoding %q", encoding)
	}
}
