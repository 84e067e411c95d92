// Package apidoc reads an OpenAPI document into what a page about it shows:
// operations with their parameters, bodies and answers, references resolved and
// schemas laid out as lists of fields, all in the document's own order.
//
// It reads as much of OpenAPI 3.1 as callbook's document uses.
package apidoc

import (
	"errors"
	"fmt"
	"strings"

	yaml "github.com/oasdiff/yaml3"
)

// Document is an API's.
type Document struct {
	Title, Version, Summary string
	// Description, here and elsewhere, is Markdown.
	Description string
	Groups      []Group
}

// Group is the operations with one tag.
type Group struct {
	Name, Description string
	Operations        []*Operation
}

// Operation is one method of one path.
type Operation struct {
	ID, Method, Path     string
	Summary, Description string
	// Open tells that no credentials are needed.
	Open       bool
	Parameters []Field
	Body       *Body // nil when there is none
	Answers    []Answer
}

// Body is what a request sends.
type Body struct {
	ContentType, Description string
	Fields                   []Field
	Examples                 []Example
}

// Answer is one that an operation gives.
type Answer struct {
	Status, Description string
	ContentType         string
	Fields              []Field
	Examples            []Example
}

// Good tells whether the request was done.
func (a Answer) Good() bool { return strings.HasPrefix(a.Status, "2") }

// Field is a parameter, or a field of a body.
type Field struct {
	// Name is that of the field alone; Depth tells how far it is within others,
	// 0 being outside.
	Name  string
	Depth int
	In    string // of a parameter: path, query, header
	Type  string // as "string", "array of object", "string or null"
	// Rules are what a value must keep, and its default.
	Rules       []string
	Description string
	Required    bool
}

// Example is a body that was written down.
type Example struct{ Name, Text string }

// Parse reads a document, which is YAML or JSON.
func Parse(document []byte) (*Document, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	if len(root.Content) != 1 {
		return nil, errors.New("read the OpenAPI document: it is empty")
	}
	r := reader{root: node{root.Content[0]}}
	doc := r.document()
	if r.err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", r.err)
	}
	return doc, nil
}

// Operation returns the operation with this id, or nil.
func (d *Document) Operation(id string) *Operation {
	for _, g := range d.Groups {
		for _, op := range g.Operations {
			if op.ID == id {
				return op
			}
		}
	}
	return nil
}
