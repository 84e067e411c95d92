package addressbook

import (
	"fmt"
	"strings"

	"callbook/internal/fault"
)

// MaxCustomFieldDepth bounds the nesting of a custom_field. An object without objects or
// arrays has depth 1. Decoders of other languages fail at some hundred levels, and the
// size of an indented text grows with the square of the depth.
const MaxCustomFieldDepth = 100

var errTooDeep = fault.InvalidField(FieldCustomField, fmt.Sprintf("Maximum allowed depth is %d", MaxCustomFieldDepth))

// tooDeep reports whether valid JSON is nested deeper than MaxCustomFieldDepth.
func tooDeep(json string) bool {
	if strings.Count(json, "{")+strings.Count(json, "[") <= MaxCustomFieldDepth {
		return false // true for most fields, and cheap to find out
	}
	depth := 0
	quoted := false
	for i := 0; i < len(json); i++ {
		switch c := json[i]; {
		case quoted && c == '\\':
			i++ // skip the escaped character
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > MaxCustomFieldDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
