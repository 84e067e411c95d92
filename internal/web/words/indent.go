package words

import (
	"bytes"
	"encoding/json"
)

// Indented returns JSON with line breaks and indentation. It returns text unchanged if it
// is not JSON, or if the result could exceed most bytes: deeply nested JSON needs much
// indentation.
func Indented(text []byte, most int) []byte {
	if indentedSize(text) > most {
		return text
	}
	var lines bytes.Buffer
	if json.Indent(&lines, text, "", indent) != nil {
		return text
	}
	return lines.Bytes()
}

const indent = "  "

// indentedSize returns an upper bound for the size of indented JSON, in bytes.
func indentedSize(text []byte) int {
	size, depth, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		size++
		switch c := text[i]; {
		case quoted && c == '\\':
			i++ // the escaped character
			size++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			size += 1 + len(indent)*depth
		case c == '}' || c == ']':
			depth--
			size += 1 + len(indent)*max(0, depth)
		case c == ',':
			size += 1 + len(indent)*max(0, depth)
		case c == ':':
			size++
		}
	}
	return size
}
