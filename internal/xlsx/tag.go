package xlsx

import "bytes"

// tag is a tag. Its parts are good until the next one is read.
type tag struct {
	name  []byte // without its prefix
	attrs []byte
	close bool // it is an end tag
	empty bool // it is the end tag too
}

// endOfTag returns where the bracket is that closes the tag, -1 when it is not
// there yet. One within a value does not.
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

// parseTag takes what is between the brackets apart.
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

// attr returns the value of an attribute, by its name without a prefix.
func (t *tag) attr(name string) string {
	if value := t.rawAttr(name); value != nil {
		if bytes.IndexByte(value, '&') >= 0 {
			value = unescape(bytes.Clone(value), 0)
		}
		return string(value)
	}
	return ""
}

// rawAttr is attr without its escapes taken off; nil when it is not there.
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
