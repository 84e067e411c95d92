package xlsx

import "bytes"

// tag is an XML tag. Its fields are valid until the next tag is read.
type tag struct {
	name  []byte // without its namespace prefix
	attrs []byte
	close bool // an end tag
	empty bool // a self-closing tag
}

// endOfTag returns the index of the closing bracket of a tag, or -1 if part does not
// contain it. It ignores brackets in attribute values.
func endOfTag(part []byte) int {
	end := bytes.IndexByte(part, '>')
	if end < 0 || bytes.IndexByte(part[:end], '\'') < 0 && bytes.Count(part[:end], []byte{'"'})%2 == 0 {
		return end
	}
	quote := byte(0)
	for i, c := range part {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i
		}
	}
	return -1
}

// parseTag parses the content between the brackets.
func parseTag(inner []byte) (t tag) {
	if len(inner) > 0 && inner[0] == '/' {
		t.close = true
		inner = inner[1:]
	}
	if n := len(inner); n > 0 && inner[n-1] == '/' {
		t.empty = true
		inner = inner[:n-1]
	}
	end := 0
	for end < len(inner) && inner[end] > ' ' {
		end++
	}
	t.name, t.attrs = inner[:end], inner[end:]
	if i := bytes.IndexByte(t.name, ':'); i >= 0 {
		t.name = t.name[i+1:]
	}
	return t
}

// is reports whether the tag has this name.
func (t *tag) is(name string) bool { return string(t.name) == name }

// attr returns the value of an attribute. Its name has no prefix.
func (t *tag) attr(name string) string {
	if value := t.rawAttr(name); value != nil {
		if bytes.IndexByte(value, '&') >= 0 {
			value = unescape(bytes.Clone(value), 0)
		}
		return string(value)
	}
	return ""
}

// rawAttr returns the value of an attribute without unescaping it, or nil.
func (t *tag) rawAttr(name string) []byte {
	rest := t.attrs
	for {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		i := bytes.IndexByte(rest, '=')
		if i < 0 || i+1 >= len(rest) {
			return nil
		}
		key := bytes.TrimRight(rest[:i], " \t\r\n")
		rest = bytes.TrimLeft(rest[i+1:], " \t\r\n")
		if len(rest) == 0 {
			return nil
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return nil
		}
		value := rest[1 : 1+end]
		rest = rest[end+2:]
		if i := bytes.IndexByte(key, ':'); i >= 0 {
			key = key[i+1:]
		}
		if string(key) == name {
			return value
		}
	}
}
