package addressbook

import (
	"bytes"
	"encoding/json"
)

// CustomFilter is a condition on the members of custom fields. The zero CustomFilter
// matches all contacts.
type CustomFilter struct {
	// Key is the name of a member, compared by its [SearchText]; "" only in the zero
	// filter. A member that is null does not match.
	Key string
	// Part is a part of the member's value, compared by their [SearchText]. The value of
	// a string is its text; that of anything else is its JSON. "" matches every value.
	Part string
}

// CustomMatcher applies a [CustomFilter] to custom fields, and reuses its memory. It is
// not safe for concurrent use. It is for stores.
type CustomMatcher struct {
	key, part    []byte
	text, folded []byte
}

// Matcher returns a matcher for the filter.
func (f CustomFilter) Matcher() *CustomMatcher {
	return &CustomMatcher{key: []byte(SearchText(f.Key)), part: []byte(SearchText(f.Part))}
}

// Matches reports whether a custom field, a valid JSON object or empty, matches the
// filter.
func (m *CustomMatcher) Matches(object []byte) bool {
	return eachMember(object, func(name, value []byte) bool {
		return bytes.Equal(m.fold(name), m.key) && !bytes.Equal(value, []byte("null")) && bytes.Contains(m.fold(value), m.part)
	})
}

// fold returns the [SearchText] of a JSON value. It is valid until the next call.
func (m *CustomMatcher) fold(value []byte) []byte {
	m.text = appendJSONText(m.text[:0], value)
	m.folded = AppendSearchText(m.folded[:0], m.text)
	return m.folded
}

// appendJSONText appends the text of a JSON string, or any other value as it is.
func appendJSONText(b, value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return append(b, value...)
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return append(b, value[1:len(value)-1]...)
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		return append(b, value...)
	}
	return append(b, text...)
}

// eachMember calls do with the name and the value, both as JSON, of each member of a
// valid JSON object, until do returns true. It returns true if do did.
func eachMember(object []byte, do func(name, value []byte) bool) bool {
	for i := 0; ; {
		from := skipTo(object, i, '"')
		if from == len(object) {
			return false
		}
		to := jsonEnd(object, from)
		at := skipTo(object, to, ':') + 1
		for at < len(object) && object[at] <= ' ' {
			at++
		}
		if i = jsonEnd(object, at); i <= at {
			return false // it is not valid
		}
		if do(object[from:to], object[at:i]) {
			return true
		}
	}
}

// skipTo returns the offset of the next c, or the length of the text.
func skipTo(json []byte, i int, c byte) int {
	if n := bytes.IndexByte(json[min(i, len(json)):], c); n >= 0 {
		return i + n
	}
	return len(json)
}

// jsonEnd returns the offset after the value that begins at i.
func jsonEnd(json []byte, i int) int {
	depth := 0
	for i < len(json) {
		switch c := json[i]; c {
		case '"':
			for i++; i < len(json) && json[i] != '"'; i++ {
				if json[i] == '\\' {
					i++ // skip the escaped character
				}
			}
			i = min(i+1, len(json))
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return i + 1 + min(depth, 0) // the end of the enclosing object does not belong to the value
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(json)
}
