package addressbook

import (
	"fmt"
	"strings"

	"callbook/internal/fault"
)

// MaxCustomFieldDepth is how deep a custom_field may be nested: an object without
// objects or arrays within it is 1 deep. Decoders of other languages give up some
// hundreds of levels down, and a text that shows the levels by blanks grows with
// their square.
const MaxCustomFieldDepth = 100

var errTooDeep = fault.InvalidField(FieldCustomField, fmt.Sprintf("Maximum allowed depth is %d", MaxCustomFieldDepth))

// tooDeep tells whether valid JSON is nested deeper than MaxCustomFieldDepth.
func tooDeep(json string) bool {
	if strings.Count(json, "{")+strings.Count(json, "[") <= MaxCustomFieldDepth {
		return false // most, at little cost
	}
	depth := 0
	quoted := false
	for i := 0; i < len(json); i++ {
		switch c := json[i]; {
		case quoted && c == '\\':
			i++ // what it escapes
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
