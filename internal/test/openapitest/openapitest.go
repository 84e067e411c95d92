// Package openapitest holds answers of the server against the OpenAPI document,
// in tests.
//
// A test wraps its client's transport once, and every answer that passes is
// checked, whatever else the test is about. Requests are not: tests send bad
// ones on purpose.
//
// The document has one type for the items of a route, for generators of clients.
// strict.yaml says what goes together in them, and its schemas are held against the
// answers too.
//
// The document is read by kin-openapi, and validated by it in the tests of this
// package. The bodies are checked by
// jsonschema, straight from the document's own text, because kin-openapi's
// check of an OpenAPI 3.1 schema compiles that schema again for every answer,
// and quietly falls back to its OpenAPI 3.0 rules when that fails.
package openapitest

import (
	"bytes"
	_ "embed"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"callbook/openapi"
)

// How much of a reason and of a body a failure shows: enough to see what is
// wrong, and not five thousand contacts.
const (
	maxReason  = 2000
	maxExcerpt = 600
)

// maxTwice is up to how many bytes an answer is also held against the document
// without the strict schemas. Of more items than that has, none is of another kind.
const maxTwice = 64 << 10

// Checker holds answers against the OpenAPI document and fails its test over
// those that the document does not allow. It is safe for concurrent use, until
// its test ends.
type Checker struct {
	t      testing.TB
	doc    *document
	public *document
}

// strict has schemas that say more than those of the document.
//
//go:embed strict.yaml
var strict []byte

// served is the document of the server with the strict schemas, and published the
// document as clients have it; each compiled once for all tests of a package.
var (
	spec      = sync.OnceValues(func() (*openapi3.T, error) { return read(openapi.Document) })
	served    = sync.OnceValues(func() (*document, error) { return compileOwn(strict) })
	published = sync.OnceValues(func() (*document, error) { return compileOwn(nil) })
)

// compileOwn compiles the document of the server with these strict schemas.
func compileOwn(strict []byte) (*document, error) {
	s, err := spec()
	if err != nil {
		return nil, err
	}
	return compile(s, openapi.Document, strict)
}

// New returns a Checker that reports to t. It fails t at once when the document
// cannot be read, or uses something that could not be checked.
func New(t testing.TB) *Checker {
	t.Helper()
	doc, err := served()
	if err != nil {
		t.Fatalf("the OpenAPI document with the strict schemas: %v", err)
	}
	public, err := published()
	if err != nil {
		t.Fatalf("the OpenAPI document: %v", err)
	}
	return &Checker{t: t, doc: doc, public: public}
}

// Operations returns what the document describes, as sorted strings such as
// "GET /healthz": the patterns that the server's routes should have.
func (c *Checker) Operations() []string {
	return c.doc.operations()
}

// Transport returns a RoundTripper that hands requests to base, or to
// [http.DefaultTransport] when base is nil, and checks what comes back. The
// caller gets every answer as it came, also those that fail the test.
//
// An answer of a path or method that is not in the document must be an error in
// the shared envelope.
func (c *Checker) Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return &transport{checker: c, base: base}
}

type transport struct {
	checker *Checker
	base    http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (tr *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := tr.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		// The connection broke, which a test that kills its server wants to
		// see: half an answer is no answer to judge.
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), brokenReader{err}))
		return resp, nil
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	tr.checker.check(req, resp, body)
	return resp, nil
}

func (c *Checker) check(req *http.Request, resp *http.Response, body []byte) {
	a := answer{
		method: req.Method,
		path:   req.URL.EscapedPath(),
		status: resp.StatusCode,
		header: resp.Header,
		body:   body,
	}
	err := c.doc.check(a)
	if err == nil && len(body) <= maxTwice {
		err = c.public.check(a)
	}
	if err != nil {
		c.t.Errorf("%s %s: the OpenAPI document does not allow this answer, %d: %s\nbody: %s",
			req.Method, req.URL.EscapedPath(), resp.StatusCode,
			excerpt(err.Error(), maxReason), excerpt(string(body), maxExcerpt))
	}
}

func excerpt(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:limit] + " ..."
}

// brokenReader is the end of a body that broke off.
type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }
