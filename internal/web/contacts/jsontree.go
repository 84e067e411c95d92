package contacts

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonNode is a JSON value for the template part "json-node".
type jsonNode struct {
	Key      string // within an object; "" in an array
	Kind     string // object, array, text, number, word (true, false, null), or more
	Text     string // of a text, number or word
	Children []*jsonNode
	Depth    int
}

// deepest bounds the depth of a shown tree. Deeper values are shown as JSON.
const deepest = 20

// parseTree parses a stored JSON object. It returns nil if text is not an object.
func parseTree(text string) *jsonNode {
	dec := jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	node, err := readNode(dec, 0)
	if err != nil {
		return nil
	}
	return node
}

func readNode(dec *jsontext.Decoder, depth int) (*jsonNode, error) {
	node := &jsonNode{Depth: depth}
	kind := dec.PeekKind()
	if depth == deepest && (kind == '{' || kind == '[') {
		raw, err := dec.ReadValue()
		node.Kind, node.Text = "more", string(raw)
		return node, err
	}
	token, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch kind {
	case '{', '[':
		node.Kind = "array"
		if kind == '{' {
			node.Kind = "object"
		}
		end := kind + 2 // the closing bracket: ] is [ + 2, and } is { + 2
		for dec.PeekKind() != end {
			key := ""
			if kind == '{' {
				name, err := dec.ReadToken()
				if err != nil {
					return nil, err
				}
				key = name.String()
			}
			child, err := readNode(dec, depth+1)
			if err != nil {
				return nil, err
			}
			child.Key = key
			node.Children = append(node.Children, child)
		}
		_, err = dec.ReadToken()
		return node, err
	case '"':
		node.Kind = "text"
	case '0':
		node.Kind = "number"
	default:
		node.Kind = "word"
	}
	node.Text = token.String()
	return node, nil
}

// Leaf reports whether the node has no children.
func (n *jsonNode) Leaf() bool { return len(n.Children) == 0 }

// Open reports whether the node is shown expanded. Deep and long nodes are not.
func (n *jsonNode) Open() bool { return n.Depth < 3 && len(n.Children) <= 20 }

// jsonObjectFault explains for a person why text is not a JSON object; "" means that it
// is one.
func jsonObjectFault(text string) string {
	dec := jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true))
	kind := dec.PeekKind()
	if _, err := dec.ReadValue(); err != nil {
		return jsonFault(text, err)
	}
	if kind != '{' {
		return `It must be an object: {"key": "value"}.`
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return "Something follows after the object's end, at " + lineAndColumn(text, int(dec.InputOffset())) + "."
	}
	return ""
}

func jsonFault(text string, err error) string {
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return "This is no JSON."
	}
	at := int(syntax.ByteOffset)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "The JSON ends too early, at " + lineAndColumn(text, len(text)) + ": a quote or bracket is not closed."
	}
	return "This is no JSON from " + lineAndColumn(text, at) + " on: " + strings.TrimPrefix(syntax.Err.Error(), "jsontext: ") + "."
}

// lineAndColumn returns the line and the column of a byte in text, both from 1.
func lineAndColumn(text string, at int) string {
	before := text[:min(at, len(text))]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf("line %d, column %d", line, column)
}
