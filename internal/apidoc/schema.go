package apidoc

import (
	"slices"
	"strings"
)

// schema is a schema merged with the schemas that it refers to. In the document a
// $ref has siblings that refine it, so a schema is a stack of layers. An earlier
// layer overrides a later one.
type schema struct {
	r      *reader
	layers []node
}

// maxLayers bounds chains of references.
const maxLayers = 20

func (r *reader) schema(layers ...node) schema {
	s := schema{r: r}
	for len(layers) > 0 && len(s.layers) < maxLayers {
		n := layers[0]
		layers = layers[1:]
		if !n.there() {
			continue
		}
		s.layers = append(s.layers, n)
		if ref := n.get("$ref").text(); ref != "" {
			layers = append([]node{r.target(ref)}, layers...)
		}
	}
	return s
}

func (s schema) there() bool { return len(s.layers) > 0 }

// get returns the value under a key in the first layer that has it.
func (s schema) get(key string) node {
	for _, l := range s.layers {
		if v := l.get(key); v.there() {
			return v
		}
	}
	return node{}
}

// under returns the schema under a key, merged from all layers.
func (s schema) under(key string) schema {
	var found []node
	for _, l := range s.layers {
		if v := l.get(key); v.there() {
			found = append(found, v)
		}
	}
	return s.r.schema(found...)
}

// choice returns the first alternative of anyOf or oneOf, if there is one. The
// document lists the usual alternative first.
func (s schema) choice() schema {
	for _, key := range []string{"anyOf", "oneOf"} {
		if options := s.get(key).items(); len(options) > 0 {
			return s.r.schema(append([]node{options[0]}, s.layers...)...)
		}
	}
	return s
}

// properties returns the names of an object's properties. Their order is that of
// the last layer, which has all of them.
func (s schema) properties() []string {
	var names []string
	for _, l := range slices.Backward(s.layers) {
		for name := range l.get("properties").pairs() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (s schema) property(name string) schema {
	var found []node
	for _, l := range s.layers {
		if v := l.get("properties").get(name); v.there() {
			found = append(found, v)
		}
	}
	return s.r.schema(found...)
}

// fields flattens a schema to a list of fields.
func (r *reader) fields(n node) []Field {
	return r.append(nil, r.schema(n), 0)
}

// maxDepth bounds the nesting of the fields that are shown.
const maxDepth = 8

func (r *reader) append(fields []Field, s schema, depth int) []Field {
	s = s.choice()
	if items := s.under("items"); items.there() {
		s = items.choice()
	}
	if depth >= maxDepth {
		return fields
	}
	var required []string
	for _, l := range s.layers {
		required = append(required, l.get("required").texts()...)
	}
	for _, name := range s.properties() {
		p := s.property(name)
		f := r.field(name, depth, p)
		f.Required = slices.Contains(required, name)
		fields = r.append(append(fields, f), p, depth+1)
	}
	return fields
}

func (r *reader) field(name string, depth int, s schema) Field {
	f := Field{Name: name, Depth: depth, Description: s.get("description").text(), Type: s.typeName()}
	for _, rule := range []struct{ key, words string }{
		{"const", "always "}, {"default", "default "}, {"minimum", "at least "}, {"maximum", "at most "},
		{"minLength", "characters: at least "}, {"maxLength", "characters: at most "},
		{"minItems", "items: at least "}, {"maxItems", "items: at most "}, {"format", "format "},
	} {
		if v := s.get(rule.key); v.there() {
			f.Rules = append(f.Rules, rule.words+strings.Trim(v.json(), `"`))
		}
	}
	if values := s.get("enum").texts(); len(values) > 0 && !s.get("const").there() {
		f.Rules = append(f.Rules, "one of "+strings.Join(values, ", "))
	}
	return f
}

// typeName describes the type of a value.
func (s schema) typeName() string {
	var names []string
	for _, option := range append(s.get("oneOf").items(), s.get("anyOf").items()...) {
		for _, name := range s.r.schema(option).get("type").texts() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		names = s.get("type").texts()
	}
	if len(names) == 0 && s.get("const").there() {
		names = []string{constType(s.get("const"))}
	}
	text := strings.Join(names, " or ")
	if items := s.under("items"); items.there() && text == "array" {
		if of := items.choice().typeName(); of != "" {
			text += " of " + of
		}
	}
	return text
}

func constType(n node) string {
	switch n.at.ShortTag() {
	case "!!int":
		return "integer"
	case "!!bool":
		return "boolean"
	case "!!null":
		return "null"
	}
	return "string"
}
