package apidoc

import (
	"bytes"
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v4"
)

// node is a node of the document. The zero node does not exist and is empty.
type node struct{ at *yaml.Node }

func (n node) there() bool { return n.at != nil }

// get returns the value under a key of a mapping.
func (n node) get(key string) node {
	for k, v := range n.pairs() {
		if k == key {
			return v
		}
	}
	return node{}
}

// pairs iterates over a mapping, in the order of the document.
func (n node) pairs() func(yield func(string, node) bool) {
	return func(yield func(string, node) bool) {
		if n.at == nil || n.at.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.at.Content); i += 2 {
			if !yield(n.at.Content[i].Value, node{n.at.Content[i+1]}) {
				return
			}
		}
	}
}

// items returns the items of a sequence.
func (n node) items() []node {
	if n.at == nil || n.at.Kind != yaml.SequenceNode {
		return nil
	}
	items := make([]node, len(n.at.Content))
	for i, item := range n.at.Content {
		items[i] = node{item}
	}
	return items
}

// text returns a scalar as it is written.
func (n node) text() string {
	if n.at == nil || n.at.Kind != yaml.ScalarNode {
		return ""
	}
	return strings.TrimSpace(n.at.Value)
}

// texts returns the scalars of a sequence, or a single scalar.
func (n node) texts() []string {
	if one := n.text(); one != "" {
		return []string{one}
	}
	var all []string
	for _, item := range n.items() {
		all = append(all, item.text())
	}
	return all
}

// json returns the value as JSON, its keys in the order of the document.
func (n node) json() string {
	var flat, pretty bytes.Buffer
	n.appendJSON(&flat)
	if err := json.Indent(&pretty, flat.Bytes(), "", "  "); err != nil {
		return flat.String()
	}
	return pretty.String()
}

func (n node) appendJSON(b *bytes.Buffer) {
	switch {
	case n.at == nil:
		b.WriteString("null")
	case n.at.Kind == yaml.MappingNode:
		b.WriteByte('{')
		first := true
		for key, value := range n.pairs() {
			if !first {
				b.WriteByte(',')
			}
			first = false
			appendString(b, key)
			b.WriteByte(':')
			value.appendJSON(b)
		}
		b.WriteByte('}')
	case n.at.Kind == yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.items() {
			if i > 0 {
				b.WriteByte(',')
			}
			item.appendJSON(b)
		}
		b.WriteByte(']')
	case n.at.ShortTag() == "!!null":
		b.WriteString("null")
	case n.at.ShortTag() == "!!int", n.at.ShortTag() == "!!float", n.at.ShortTag() == "!!bool":
		b.WriteString(n.at.Value)
	default:
		appendString(b, n.at.Value)
	}
}

func appendString(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)         // encoding a string cannot fail
	b.Truncate(b.Len() - 1) // the encoder adds a newline
}
