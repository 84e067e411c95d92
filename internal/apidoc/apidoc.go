// Package apidoc parses an OpenAPI document into the content of a documentation
// page: operations with their parameters, bodies and answers, in the order of the
// document. References are resolved and schemas are flattened to lists of fields.
//
// It supports the part of OpenAPI 3.1 that callbook's document uses.
package apidoc

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Document is the documentation of an API.
type Document struct {
	Title, Version, Summary string
	// Description, here and elsewhere, is Markdown.
	Description string
	Groups      []Group
	// Codes are the codes of errors, in the order of the document.
	Codes []Code
}

// Code is an error code and its message.
type Code struct{ Code, Message string }

// Group is the operations with one tag.
type Group struct {
	Name, Description string
	Operations        []*Operation
}

// Operation is one method of one path.
type Operation struct {
	ID, Method, Path     string
	Summary, Description string
	// Open means that no credentials are needed.
	Open       bool
	Parameters []Field
	Body       *Body // nil if there is none
	Answers    []Answer
}

// Body is the body of a request.
type Body struct {
	ContentType, Description string
	Fields                   []Field
	Examples                 []Example
}

// Answer is a possible answer of an operation.
type Answer struct {
	Status, Description string
	ContentType         string
	Fields              []Field
	Examples            []Example
}

// Good reports whether the answer means success.
func (a Answer) Good() bool { return strings.HasPrefix(a.Status, "2") }

// Field is a parameter, or a field of a body.
type Field struct {
	// Name is the field's own name, and Depth its level of nesting, from 0.
	Name  string
	Depth int
	In    string // of a parameter: path, query, header
	Type  string // such as "string", "array of object", "string or null"
	// Rules are the constraints on a value, and its default.
	Rules       []string
	Description string
	Required    bool
	// Anchor is unique among the fields of an operation.
	Anchor string
}

// Example is an example of a body.
type Example struct{ Name, Text string }

// Parse parses a document in YAML or JSON.
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
