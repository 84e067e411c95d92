package words

import (
	"bytes"
	"encoding/json"
)

// Indented returns JSON on several lines. What is no JSON, and what would then
// have more than most bytes, it returns as it is: of text that is nested deep,
// every line begins with many blanks.
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

// indentedSize is how many bytes JSON has on several lines, at most.
func indentedSize(text []byte) int {
	size, depth, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		size++
		switch c := text[i]; {
		case quoted && c == '\\':
			i++ // what it escapes
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
