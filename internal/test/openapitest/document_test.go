package openapitest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"callbook/openapi"
)

// openAPI returns the document of the server.
func openAPI(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// load reads a document, validates it, and compiles it without the strict schemas.
func load(text string) error {
	doc, err := read([]byte(text))
	if err == nil {
		err = doc.Validate(context.Background())
	}
	if err == nil {
		_, err = compile(doc, []byte(text), nil)
	}
	return err
}

// The examples are answers like any other, so they must pass like any other.
func TestExamplesAreGoodAnswers(t *testing.T) {
	compiled := New(t).doc
	for path, item := range openAPI(t).Paths.Map() {
		for method, op := range item.Operations() {
			for code, ref := range op.Responses.Map() {
				var status int
				fmt.Sscan(code, &status)
				name := fmt.Sprintf("%s %s %s", method, path, code)
				for mediaType, content := range ref.Value.Content {
					examples := examplesOf(content)
					if len(examples) == 0 && mediaType == "application/json" {
						t.Errorf("%s: no example", name)
					}
					for _, example := range examples {
						a := exampleAnswer(t, status, ref.Value, mediaType, example)
						a.path = examplePath(path, item.Parameters)
						if err := compiled.paths[path][method][status].check(a); err != nil {
							t.Errorf("%s: %v", name, err)
						}
					}
				}
			}
		}
	}
}

// examplePath is a path as in the examples of its parameters.
func examplePath(path string, parameters openapi3.Parameters) string {
	for _, p := range parameters {
		path = strings.Replace(path, "{"+p.Value.Name+"}", fmt.Sprint(p.Value.Example), 1)
	}
	return path
}

func examplesOf(content *openapi3.MediaType) []any {
	var all []any
	if content.Example != nil {
		all = append(all, content.Example)
	}
	for _, example := range content.Examples {
		all = append(all, example.Value.Value)
	}
	return all
}

// exampleAnswer is the answer that an example shows, with the headers as in
// their examples.
func exampleAnswer(t *testing.T, status int, r *openapi3.Response, mediaType string, example any) answer {
	t.Helper()
	body, err := json.Marshal(example)
	if err != nil {
		t.Fatal(err)
	}
	if text, ok := example.(string); ok {
		body = []byte(text)
	}
	fields, _ := example.(map[string]any)
	method, _ := fields["method"].(string)
	id, ok := fields["request_id"].(string)
	if !ok {
		id = requestID // what is no envelope has it in the header alone
	}
	a := answer{method: method, status: status, body: body, header: http.Header{
		"Content-Type": {mediaType},
		"X-Request-Id": {id},
	}}
	for name, ref := range r.Headers {
		if ref.Value.Example != nil {
			a.header.Set(name, fmt.Sprint(ref.Value.Example))
		}
	}
	return a
}

// A key that is not required is one that the server could forget; a schema
// that allows other keys is one that it could add to.
func TestAnswerSchemasAreStrict(t *testing.T) {
	requests := []string{"NewContact", "ContactChange", "NamedContactChange", "NewList", "ListChange", "NamedListChange",
		"NewCampaign", "CampaignChange", "NewCampaignRetries", "NewCampaignSchedule", "NewCallingHours", "NewSuppression", "NewFlow", "FlowChange", "FlowSteps"}
	for name, ref := range openAPI(t).Components.Schemas {
		schema := ref.Value
		if ref.Ref != "" || !schema.Type.Is("object") || slices.Contains(requests, name) || strings.HasSuffix(name, "Request") {
			continue
		}
		if schema.AdditionalProperties.Has == nil || *schema.AdditionalProperties.Has {
			t.Errorf("%s allows keys that it does not name", name)
		}
		keys := slices.Sorted(maps.Keys(schema.Properties))
		// These are there only for callers who asked for them, or where there is
		// something to tell.
		sometimes := map[string][]string{
			"ContactItem":  {"client_ref"},
			"FlowStep":     {"text", "prompt", "next", "digits", "timeout", "tries", "finish", "branches", "silent", "wrong", "url", "other", "failed", "word"},
			"Campaign":     {"calling_hours", "language", "record"},
			"CampaignItem": {"dry_run"},
			"PageContact":  {"lists"},
			"Upload":       {"dry_run", "undo"},
			"UploadStatus": {"dry_run", "errors_omitted", "reason"},
		}[name]
		keys = slices.DeleteFunc(keys, func(key string) bool { return slices.Contains(sometimes, key) })
		if required := slices.Sorted(slices.Values(schema.Required)); !slices.Equal(keys, required) {
			t.Errorf("%s has the keys %q, but requires %q", name, keys, required)
		}
	}
}

func TestRequestSchemas(t *testing.T) {
	l, err := newLoader(openapi.Document, strict)
	if err != nil {
		t.Fatal(err)
	}
	text := func(n int) string { return `"` + strings.Repeat("é", n) + `"` }
	for _, tt := range []struct {
		schema, key string
		good, bad   []string // items
	}{
		{"CreateContactsRequest", "contacts",
			[]string{`{"number":"09876543210","custom":{"a":1},"nickname":7}`, `{"number":"1","tag":` + text(255) + `}`},
			[]string{`{}`, `7`, `{"number":9876543210}`, `{"number":"1","custom_field":"a"}`, `{"number":"1","tag":` + text(256) + `}`}},
		{"UpdateContactsRequest", "contacts",
			[]string{`{"sid":"x"}`, `{"sid":"x","tag":null,"custom_field":null,"nickname":7}`},
			[]string{`{}`, `{"sid":""}`, `{"sid":7}`, `{"number":"1"}`, `{"sid":"x","number":null}`, `{"sid":"x","tag":7}`}},
		{"DeleteContactsRequest", "contacts", []string{`{"sid":"x","tag":7}`}, []string{`{}`, `"x"`, `{"sid":null}`}},
		{"CreateListsRequest", "lists",
			[]string{`{"name":"a"}`, `{"name":" ","tag":null}`},
			[]string{`{}`, `{"tag":"a"}`, `{"name":""}`, `{"name":null}`, `{"name":` + text(256) + `}`, `{"name":"a","tag":[]}`}},
		{"UpdateListsRequest", "lists", []string{`{"sid":"x"}`, `{"sid":"x","name":"a","tag":""}`}, []string{`{"name":"a"}`, `{"sid":"x","name":""}`}},
		{"ContactReferencesRequest", "contact_references", []string{`{"contact_sid":"x"}`}, []string{`{}`, `{"sid":"x"}`, `{"contact_sid":""}`, `[]`}},
	} {
		schema, err := l.schema("/components/schemas/" + tt.schema)
		if err != nil {
			t.Fatal(err)
		}
		bodyOf := func(items ...string) string {
			return fmt.Sprintf(`{%q:[%s]}`, tt.key, strings.Join(items, ","))
		}
		good := []string{bodyOf(tt.good...), bodyOf(slices.Repeat(tt.good[:1], 5000)...)}
		bad := []string{`{}`, `[]`, bodyOf(), bodyOf(slices.Repeat(tt.good[:1], 5001)...)}
		for _, item := range tt.bad {
			bad = append(bad, bodyOf(item))
		}
		for i, body := range slices.Concat(good, bad) {
			value, err := parse([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); (err == nil) != (i < len(good)) {
				t.Errorf("%s: %.80s: got %v, want good = %v", tt.schema, body, err, i < len(good))
			}
		}
	}
}

// TestRequestExamples: what the document shows as a body is one.
func TestRequestExamples(t *testing.T) {
	l, err := newLoader(openapi.Document, strict)
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range openAPI(t).Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil {
				continue
			}
			for mediaType, content := range op.RequestBody.Value.Content {
				schema, err := l.schema(pointer("", "paths", path, strings.ToLower(method), "requestBody", "content", mediaType, "schema"))
				if err != nil {
					t.Fatal(err)
				}
				for _, example := range examplesOf(content) {
					body, _ := json.Marshal(example)
					value, err := parse(body)
					if err == nil {
						err = schema.Validate(value)
					}
					if err != nil {
						t.Errorf("%s %s: %v", method, path, err)
					}
				}
			}
		}
	}
}

const documented = "/v2/accounts/{account_sid}/contacts"

// What kin-openapi finds in a document is up to it, but that it looks is not.
func TestDocumentIsValidated(t *testing.T) {
	if err := load(string(openapi.Document)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"no title":                  {"  title: callbook\n", ""},
		"unknown type":              {"type: [object, 'null']\n", "type: [objekt, 'null']\n"},
		"reference to nothing":      {"schemas/RequestID'", "schemas/RequestId'"},
		"misspelt field":            {"operationId: health", "operationID: health"},
		"example that does not fit": {"example: {status: unavailable}", "example: {status: ok}"},
		"bad pattern":               {`'^\+[1-9]`, `'^\+([1-9]`},
		// What follows is valid, but would be left unchecked.
		"range of statuses": {"'413': {", "4XX: {"},
		"default":           {"'413': {", "default: {"},
		"no content":        {"description: It is.\n          content:", "description: It is.\n          x-content:"},
		"no schema":         {"schema: {$ref: '#/components/schemas/StatusOK'}", "x-schema: {}"},
	} {
		text := string(openapi.Document)
		if !strings.Contains(text, change[0]) {
			t.Errorf("%s: there is no %q to change", name, change[0])
			continue
		}
		if err := load(strings.Replace(text, change[0], change[1], 1)); err == nil {
			t.Errorf("%s: nothing was found", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

func TestMatch(t *testing.T) {
	doc := &document{paths: map[string]map[string]operation{}}
	for _, template := range []string{documented + "/{sid}", documented + "/csv-upload", "/healthz"} {
		doc.paths[template] = map[string]operation{template: nil}
	}
	doc.templates = slices.Sorted(maps.Keys(doc.paths))
	for path, want := range map[string]string{
		"/healthz":                           "/healthz",
		"/healthz/":                          "",
		"/Healthz":                           "",
		"/v2/accounts/a/contacts/1":          documented + "/{sid}",
		"/v2/ACCOUNTS/a/contacts/1":          documented + "/{sid}",
		"/v2/accounts/a/contacts/x%2Fy":      documented + "/{sid}",
		"/v2/accounts/a/contacts/csv-upload": documented + "/csv-upload",
		"/v2/accounts//contacts/1":           "",
		"/v2/accounts/a/Contacts/1":          "",
		"/v2/accounts/a/contacts/1/2":        "",
		"/v2/accounts/a/contacts/":           "",
		"":                                   "",
	} {
		got := ""
		for template := range doc.match(path) {
			got = template
		}
		if got != want {
			t.Errorf("match(%q) = %q, want %q", path, got, want)
		}
	}
}
