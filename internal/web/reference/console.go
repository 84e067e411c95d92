package reference

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"callbook/internal/budget"
	"callbook/internal/reqlog"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// consolePage is the data of the template console.html.
type consolePage struct {
	Tabs               []shell.Tab
	Prefix             string // the beginning of every path
	Method, Path, Body shell.Field
	Presets            []preset
	Result             *consoleResult // nil before a request was sent
}

// preset is an example of a request.
type preset struct{ Label, Method, Path, Body string }

// URL returns the URL of the console with the request filled in.
func (p preset) URL() string {
	return "/api/console?" + url.Values{"method": {p.Method}, "path": {p.Path}, "body": {p.Body}}.Encode()
}

var presets = []preset{
	{"First contacts", "GET", "/contacts?limit=5", ""},
	{"Find a number", "GET", "/contacts?number=09876543210", ""},
	{"Create a contact", "POST", "/contacts", "{\n  \"contacts\": [\n    {\"number\": \"09876543210\", \"first_name\": \"Asha\", \"tag\": \"Member\"}\n  ]\n}"},
	{"Check a contact without creating it", "POST", "/contacts?dry_run=true", "{\n  \"contacts\": [\n    {\"number\": \"080 1234 5678\"}\n  ]\n}"},
	{"Lists", "GET", "/lists", ""},
	{"Create a list", "POST", "/lists", "{\n  \"lists\": [\n    {\"name\": \"Members\", \"tag\": \"2026\"}\n  ]\n}"},
}

var consoleMethods = []string{"GET", "POST", "PUT", "DELETE"}

// consoleResult is the answer to a request.
type consoleResult struct {
	Status     int
	StatusText string
	Good       bool
	Took       string
	Size       int    // bytes of the answer
	Text       string // the answer, for people
	Cut        bool   // whether Text is incomplete
}

const (
	// maxKept bounds the part of an answer that the console stores, in bytes.
	maxKept = 4 << 20
	// maxShown bounds the part that it shows, in bytes.
	maxShown = 200 << 10
)

func newConsolePage(r *http.Request, values url.Values) consolePage {
	page := consolePage{
		Tabs:   shell.APITabs("/api/console"),
		Prefix: shell.AccountPath(r),
		Method: shell.Field{Name: "method", Label: "Method", Type: "select", Value: values.Get("method")},
		Path: shell.Field{
			Name: "path", Label: "Path", Required: true, Mono: true, Value: values.Get("path"),
			Hint: "The part after " + shell.AccountPath(r) + ", with its query.",
		},
		Body:    shell.Field{Name: "body", Label: "Body", Type: "textarea", Mono: true, Value: values.Get("body"), Hint: "JSON, for POST and PUT, and for deleting several at once."},
		Presets: presets,
	}
	for _, m := range consoleMethods {
		page.Method.Options = append(page.Method.Options, shell.Option{Value: m, Label: m})
	}
	if page.Method.Value == "" && page.Path.Value == "" {
		page.Method.Value, page.Path.Value = presets[0].Method, presets[0].Path
	}
	return page
}

// sentRequest is a request and its answer, stored for the page that shows them.
type sentRequest struct {
	Method, Path, Body string
	Result             consoleResult
}

func (room *Room) consolePage(r *http.Request) (shell.Answer, error) {
	query := r.URL.Query()
	var sent sentRequest
	there, err := shell.Kept(r, query.Get("sent"), &sent)
	if err != nil {
		return shell.Answer{}, err
	}
	if !there {
		values, err := shell.Typed(r)
		if values != nil {
			query = values
		}
		return pages.Show("console", "Console", newConsolePage(r, query)), err
	}
	page := newConsolePage(r, url.Values{"method": {sent.Method}, "path": {sent.Path}, "body": {sent.Body}})
	page.Result = &sent.Result
	return pages.Show("console", "Console", page), nil
}

// consoleSend sends a request to the API in the visitor's account.
func (room *Room) consoleSend(r *http.Request) (shell.Answer, error) {
	page := newConsolePage(r, r.PostForm)
	refuse := func() (shell.Answer, error) {
		return pages.Show("console", "Console", page).Invalid().Piece("console"), nil
	}
	if !slices.Contains(consoleMethods, page.Method.Value) {
		page.Method.Error = "Choose one of these."
		return refuse()
	}
	// Accept a full path as well as one below the prefix.
	path := "/" + strings.TrimLeft(strings.TrimPrefix(strings.TrimSpace(page.Path.Value), page.Prefix), "/")
	target, err := url.Parse(page.Prefix + path)
	if err != nil || target.Host != "" {
		page.Path.Error = "This is no path: write it as /contacts?limit=5."
		return refuse()
	}
	result := room.ask(r, page.Method.Value, target, page.Body.Value)
	if !shell.ByHTMX(r) {
		name, err := shell.Keep(r, sentRequest{page.Method.Value, page.Path.Value, page.Body.Value, result})
		if err == nil {
			return shell.GoTo("/api/console?sent=" + name + "#answer"), nil
		}
		// The request was sent, so show its answer anyway.
	}
	page.Result = &result
	return pages.Show("console", "Console", page).Piece("console"), nil
}

// ask sends a request to the API and returns the answer. Both have the request id of the
// visitor's own request.
func (room *Room) ask(r *http.Request, method string, target *url.URL, body string) consoleResult {
	ctx, inner := reqlog.Begin(r.Context())
	outer := shell.RecordOf(r)
	inner.ID = outer.ID
	// Browsers send CRLF.
	body = strings.ReplaceAll(body, "\r\n", "\n")
	request := (&http.Request{
		Method: method, URL: target, Host: r.Host, RemoteAddr: r.RemoteAddr,
		Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   http.NoBody,
	}).WithContext(ctx)
	if body != "" {
		request.Body, request.ContentLength = readCloser{strings.NewReader(body)}, int64(len(body))
	}
	kept := &keptAnswer{header: make(http.Header), share: budget.Of(ctx)}
	begun := time.Now()
	shell.API(r).ServeHTTP(kept, request)
	took := time.Since(begun)
	outer.Err, outer.Bulk, outer.Total, outer.Failed = inner.Err, inner.Bulk, inner.Total, inner.Failed
	return kept.result(took)
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// keptAnswer is an http.ResponseWriter that stores the beginning of an answer.
type keptAnswer struct {
	header http.Header
	status int
	size   int
	body   bytes.Buffer
	share  *budget.Share
}

func (k *keptAnswer) Header() http.Header { return k.header }

func (k *keptAnswer) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

func (k *keptAnswer) Write(b []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	k.size += len(b)
	keep := b[:min(len(b), maxKept-k.body.Len())]
	// Claim memory for the answer with spare capacity and in its indented form.
	if len(keep) > 0 && k.share.Claim(4*int64(len(keep))) == nil {
		k.body.Write(keep)
	}
	return len(b), nil
}

func (k *keptAnswer) result(took time.Duration) consoleResult {
	text := k.body.Bytes()
	text = words.Indented(text, 2*maxKept)
	result := consoleResult{
		Status:     k.status,
		StatusText: http.StatusText(k.status),
		Good:       k.status < 300,
		Took:       words.Took(took),
		Size:       k.size,
	}
	if len(text) > maxShown {
		text, result.Cut = text[:maxShown], true
	}
	result.Text = strings.ToValidUTF8(string(text), "")
	return result
}
