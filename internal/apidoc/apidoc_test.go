package apidoc_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/apidoc"
	"callbook/openapi"
)

func anchored(prefix string, fields []apidoc.Field) []apidoc.Field {
	for i := range fields {
		fields[i].Anchor = prefix + strconv.Itoa(i)
	}
	return fields
}

const document = `
openapi: 3.1.0
info: {title: Pets, version: 2.0.1, summary: A shop., description: "Of **pets**."}
tags:
  - {name: Pets, description: Animals.}
paths:
  /pets/{id}:
    parameters:
      - $ref: '#/components/parameters/Id'
    put:
      operationId: putPet
      tags: [Pets]
      summary: Change a pet
      parameters:
        - {name: mode, in: query, schema: {type: string, enum: [a, b], default: a}}
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Pet'}
            examples:
              one: {summary: A cat, value: {zoo: 1, name: "<Tom>", age: 3.50, tags: [x, null, true], born: '2026'}}
      responses:
        '200':
          description: Done.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Changed'}
        '404': {$ref: '#/components/responses/Gone'}
    get:
      operationId: getPet
      tags: [Pets]
      security: []
      responses: {'200': {description: It., content: {text/csv: {schema: {type: string}, example: "a,b\n"}}}}
components:
  parameters:
    Id: {name: id, in: path, required: true, description: Whose., schema: {$ref: '#/components/schemas/Number'}}
  responses:
    Gone: {description: It is gone.}
  schemas:
    Number: {type: integer, minimum: 1}
    Text: {description: Any text., type: [string, 'null'], maxLength: 255}
    Pet:
      type: object
      required: [zoo]
      properties:
        zoo: {$ref: '#/components/schemas/Number', description: Where it lives.}
        name: {$ref: '#/components/schemas/Text'}
        next: {oneOf: [{type: string}, {type: 'null'}]}
    Answer:
      type: object
      required: [code, items]
      properties:
        code: {type: integer, enum: [200, 404]}
        items: {type: array, maxItems: 3}
    Changed:
      $ref: '#/components/schemas/Answer'
      properties:
        code: {const: 200}
        items: {items: {anyOf: [{$ref: '#/components/schemas/Pet'}, {type: 'null'}]}}
`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := apidoc.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	id := apidoc.Field{Name: "id", In: "path", Type: "integer", Rules: []string{"at least 1"}, Description: "Whose.", Required: true, Anchor: "parameter-0"}
	pet := func(depth int) []apidoc.Field {
		return []apidoc.Field{
			{Name: "zoo", Depth: depth, Type: "integer", Rules: []string{"at least 1"}, Description: "Where it lives.", Required: true},
			{Name: "name", Depth: depth, Type: "string or null", Rules: []string{"characters: at most 255"}, Description: "Any text."},
			{Name: "next", Depth: depth, Type: "string or null"},
		}
	}
	want := &apidoc.Document{
		Title: "Pets", Version: "2.0.1", Summary: "A shop.", Description: "Of **pets**.",
		Groups: []apidoc.Group{{
			Name: "Pets", Description: "Animals.",
			Operations: []*apidoc.Operation{
				{
					ID: "putPet", Method: "PUT", Path: "/pets/{id}", Summary: "Change a pet",
					Parameters: []apidoc.Field{id, {Name: "mode", In: "query", Type: "string", Rules: []string{"default a", "one of a, b"}, Anchor: "parameter-1"}},
					Body: &apidoc.Body{
						ContentType: "application/json", Fields: anchored("body-", pet(0)),
						Examples: []apidoc.Example{{Name: "A cat", Text: "{\n  \"zoo\": 1,\n  \"name\": \"<Tom>\",\n  \"age\": 3.50,\n" +
							"  \"tags\": [\n    \"x\",\n    null,\n    true\n  ],\n  \"born\": \"2026\"\n}"}},
					},
					Answers: []apidoc.Answer{
						{Status: "200", Description: "Done.", ContentType: "application/json", Fields: anchored("answer-200-", append([]apidoc.Field{
							{Name: "code", Type: "integer", Rules: []string{"always 200"}, Required: true},
							{Name: "items", Type: "array of object or null", Rules: []string{"items: at most 3"}, Required: true},
						}, pet(1)...))},
						{Status: "404", Description: "It is gone."},
					},
				},
				{
					ID: "getPet", Method: "GET", Path: "/pets/{id}", Open: true, Parameters: []apidoc.Field{id},
					Answers: []apidoc.Answer{{Status: "200", Description: "It.", ContentType: "text/csv", Examples: []apidoc.Example{{Text: "a,b"}}}},
				},
			},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got.Operation("getPet") != got.Groups[0].Operations[1] || got.Operation("nothing") != nil {
		t.Error("operations are not found by their ids")
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"empty":       "",
		"no YAML":     "a: [",
		"lost":        strings.Replace(document, "#/components/responses/Gone", "#/components/responses/Lost", 1),
		"outside":     strings.Replace(document, "#/components/responses/Gone", "other.yaml#/Gone", 1),
		"no such tag": strings.Replace(document, "tags: [Pets]", "tags: [Plants]", 1),
		"circle":      strings.Replace(document, "Gone: {description: It is gone.}", "Gone: {$ref: '#/components/responses/Gone'}", 1),
	} {
		if doc, err := apidoc.Parse([]byte(document)); err == nil {
			t.Errorf("%s: got %+v", name, doc)
		}
	}
}

// TestRecursiveSchema: one that has itself within is shown to some depth.
func TestRecursiveSchema(t *testing.T) {
	t.Parallel()
	got, err := apidoc.Parse([]byte(strings.Replace(document, "next: {oneOf: [{type: string}, {type: 'null'}]}", "next: {$ref: '#/components/schemas/Pet'}", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.Operation("putPet").Body.Fields); n < 4 || n > 100 {
		t.Errorf("there are %d fields", n)
	}
}

// TestOwnDocument reads callbook's document: nothing of it is lost, and what
// shows as JSON is JSON.
func TestOwnDocument(t *testing.T) {
	t.Parallel()
	got, err := apidoc.Parse(openapi.Document)
	if err != nil {
		t.Fatal(err)
	}
	operations := 0
	for _, g := range got.Groups {
		for _, op := range g.Operations {
			operations++
			if op.Summary == "" || len(op.Answers) == 0 || op.Body != nil && len(op.Body.Fields) == 0 {
				t.Errorf("%s: got %+v", op.ID, op)
			}
			for _, a := range op.Answers {
				for _, e := range a.Examples {
					if a.ContentType == "application/json" && !json.Valid([]byte(e.Text)) {
						t.Errorf("%s %s: the example %q is no JSON", op.ID, a.Status, e.Text)
					}
				}
				if a.ContentType == "application/json" && len(a.Fields) == 0 {
					t.Errorf("%s %s has no fields", op.ID, a.Status)
				}
			}
		}
	}
	if want := strings.Count(string(openapi.Document), "operationId:"); operations != want {
		t.Errorf("there are %d operations, want %d", operations, want)
	}
}

// TestSearch: what has the words in its title or name comes before what has them in its
// text.
func TestSearch(t *testing.T) {
	t.Parallel()
	doc, err := apidoc.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"":            "",
		"pet":         "putPet; getPet",
		"CHANGE pet":  "putPet",
		"mode":        "putPet parameter-1",
		"zoo":         "putPet body-0 answer-200-2",
		"lives where": "putPet body-0 answer-200-2",
		"gone":        "putPet answer-404",
		"404":         "putPet answer-404",
		"gone cat":    "",
	} {
		var found []string
		for _, f := range doc.Search(query) {
			line := f.ID
			for _, p := range f.Places {
				line += " " + p.Anchor
			}
			found = append(found, line)
		}
		if got := strings.Join(found, "; "); got != want {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
}

// TestCodes reads the codes of errors of callbook's own document.
func TestCodes(t *testing.T) {
	t.Parallel()
	doc, err := apidoc.Parse(openapi.Document)
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Codes) != 15 {
		t.Errorf("there are %d codes: %v", len(doc.Codes), doc.Codes)
	}
	if diff := cmp.Diff([]apidoc.Code{{Code: "1100", Message: "Internal server error"}}, doc.FindCodes("server internal")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
