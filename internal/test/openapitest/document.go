package openapitest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// documentURL names the document within the schema compiler. Nothing is read
// from there.
const documentURL = "openapi:///openapi.json"

// document is the OpenAPI document with its schemas compiled.
type document struct {
	paths map[string]map[string]operation // path template, method
	// templates are the keys of paths, those with a word before those with a
	// parameter in its place.
	templates []string
	// others are how paths and methods outside the document are answered, and campaigns
	// the same for paths below those of campaigns.
	others, campaigns errorForms
}

// errorForms are how errors are answered.
type errorForms struct {
	// shared are those that operations have in common, by status.
	shared   operation
	anyError *jsonschema.Schema // the envelope of every error
}

// forms returns those for a path.
func (d *document) forms(path string) *errorForms {
	if words := strings.Split(path, "/"); len(words) > 4 && strings.HasPrefix(words[4], "campaign") {
		return &d.campaigns
	}
	return &d.others
}

// operation is what the document allows a route to answer, by status.
type operation map[int]*response

type response struct {
	headers []header
	content map[string]*jsonschema.Schema // by media type
}

type header struct {
	name     string
	required bool
	integer  bool
	schema   *jsonschema.Schema
}

// read reads an OpenAPI document. It does not validate it, which takes most of a second:
// the tests of this package do.
func read(text []byte) (*openapi3.T, error) { return openapi3.NewLoader().LoadFromData(text) }

// compile refuses whatever could not be checked later: what is not checked would look as
// if it were allowed. Spec is what text says. The strict schemas, if there are any, take
// the place of the document's.
func compile(spec *openapi3.T, text, strict []byte) (*document, error) {
	l, err := newLoader(text, strict)
	if err != nil {
		return nil, err
	}
	doc := &document{
		paths:     make(map[string]map[string]operation),
		others:    errorForms{shared: make(operation)},
		campaigns: errorForms{shared: make(operation)},
	}
	for path, item := range spec.Paths.Map() {
		methods := make(map[string]operation)
		for method, op := range item.Operations() {
			ptr := pointer("", "paths", path, strings.ToLower(method), "responses")
			if methods[method], err = l.operation(ptr, op, doc.forms(path).shared); err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
		}
		doc.paths[path] = methods
	}
	// A parameter's brace sorts after every letter and digit.
	doc.templates = slices.Sorted(maps.Keys(doc.paths))
	for envelope, forms := range map[string]*errorForms{"ErrorEnvelope": &doc.others, "CampaignErrorEnvelope": &doc.campaigns} {
		// A status that has several shared forms says nothing about other routes.
		maps.DeleteFunc(forms.shared, func(_ int, r *response) bool { return r == nil })
		if forms.anyError, err = l.schema(pointer("", "components", "schemas", envelope)); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

func (d *document) operations() []string {
	var all []string
	for path, methods := range d.paths {
		for method := range methods {
			all = append(all, method+" "+path)
		}
	}
	slices.Sort(all)
	return all
}

// match returns the operations of the path template that fits an escaped path,
// or nil when none does.
func (d *document) match(path string) map[string]operation {
	if strings.HasPrefix(path, "/v2/") {
		path = strings.TrimSuffix(path, "/") // which the API takes
	}
	words := strings.Split(path, "/")
	for _, template := range d.templates {
		if slices.EqualFunc(strings.Split(template, "/"), words, matchWord) {
			return d.paths[template]
		}
	}
	return nil
}

func matchWord(template, word string) bool {
	switch {
	case strings.HasPrefix(template, "{"):
		return word != ""
	case template == "accounts":
		return strings.EqualFold(word, template) // so says the wire contract
	}
	return word == template
}

// loader compiles the parts of a document. Each part is named by its JSON
// pointer, so that the schemas are those of the document's text.
type loader struct {
	compiler  *jsonschema.Compiler
	responses map[string]*response // those in components, by pointer
}

func newLoader(text, strict []byte) (*loader, error) {
	tree, err := parseYAML(text)
	if err != nil {
		return nil, err
	}
	over, err := parseYAML(strict)
	if err != nil {
		return nil, err
	}
	replaceSchemas(tree, over)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020) // the one of OpenAPI 3.1
	compiler.AssertFormat()
	if err := compiler.AddResource(documentURL, tree); err != nil {
		return nil, err
	}
	return &loader{compiler: compiler, responses: make(map[string]*response)}, nil
}

// parseYAML reads YAML as JSON would be read, which is what the compiler takes.
func parseYAML(text []byte) (tree map[string]any, err error) {
	var read any
	if err := yaml.Unmarshal(text, &read); err != nil {
		return nil, err
	}
	asJSON, err := json.Marshal(read)
	if err != nil {
		return nil, err
	}
	return tree, json.Unmarshal(asJSON, &tree)
}

// replaceSchemas puts the schemas of over in the place of those of tree.
func replaceSchemas(tree, over map[string]any) {
	for key, value := range over {
		inner, isMap := value.(map[string]any)
		under, there := tree[key].(map[string]any)
		switch {
		case !isMap || !there || key == "schema":
			tree[key] = value
		case key == "schemas":
			maps.Copy(under, inner)
		default:
			replaceSchemas(under, inner)
		}
	}
}

func (l *loader) schema(ptr string) (*jsonschema.Schema, error) {
	fragment := (&url.URL{Fragment: ptr}).EscapedFragment()
	return l.compiler.Compile(documentURL + "#" + fragment)
}

// operation compiles the responses at ptr. Those that come from the components
// are put into shared too; nil there marks a status with more than one.
func (l *loader) operation(ptr string, op *openapi3.Operation, shared operation) (operation, error) {
	compiled := make(operation)
	for code, ref := range op.Responses.Map() {
		status, err := strconv.Atoi(code)
		if err != nil {
			return nil, fmt.Errorf("response %q: only single statuses are checked", code)
		}
		if ref.Ref == "" {
			compiled[status], err = l.response(pointer(ptr, code), ref.Value)
		} else {
			compiled[status], err = l.sharedResponse(ref)
		}
		if err != nil {
			return nil, fmt.Errorf("response %s: %w", code, err)
		}
		if ref.Ref == "" {
			continue
		}
		if known, ok := shared[status]; ok && known != compiled[status] {
			shared[status] = nil
		} else {
			shared[status] = compiled[status]
		}
	}
	return compiled, nil
}

func (l *loader) sharedResponse(ref *openapi3.ResponseRef) (*response, error) {
	if known, ok := l.responses[ref.Ref]; ok {
		return known, nil
	}
	compiled, err := l.response(strings.TrimPrefix(ref.Ref, "#"), ref.Value)
	if err != nil {
		return nil, err
	}
	l.responses[ref.Ref] = compiled
	return compiled, nil
}

func (l *loader) response(ptr string, r *openapi3.Response) (*response, error) {
	if len(r.Content) == 0 {
		return nil, fmt.Errorf("no content: every answer has a body")
	}
	compiled := &response{content: make(map[string]*jsonschema.Schema)}
	for mediaType, content := range r.Content {
		if content.Schema == nil {
			return nil, fmt.Errorf("no schema for %s", mediaType)
		}
		schema, err := l.schema(pointer(ptr, "content", mediaType, "schema"))
		if err != nil {
			return nil, err
		}
		compiled.content[mediaType] = schema
	}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		ref := r.Headers[name]
		if ref.Value.Schema == nil {
			return nil, fmt.Errorf("header %s: no schema", name)
		}
		at := pointer(ptr, "headers", name)
		if ref.Ref != "" {
			at = strings.TrimPrefix(ref.Ref, "#")
		}
		schema, err := l.schema(pointer(at, "schema"))
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
		compiled.headers = append(compiled.headers, header{
			name:     http.CanonicalHeaderKey(name),
			required: ref.Value.Required,
			integer:  ref.Value.Schema.Value.Type.Is(openapi3.TypeInteger),
			schema:   schema,
		})
	}
	return compiled, nil
}

// pointer adds words to a JSON pointer.
func pointer(base string, words ...string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for _, word := range words {
		base += "/" + escape.Replace(word)
	}
	return base
}
