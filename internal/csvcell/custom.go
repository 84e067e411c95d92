package csvcell

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// CustomPrefix begins the name of a column for values of custom_field. The rest of
// the name is the key of the values.
const CustomPrefix = "custom_field."

// CustomColumn reports whether a column is for values of custom_field, and returns
// their key. It ignores the case of the prefix and spaces around the name. The key
// may be empty, which is not valid.
func CustomColumn(column string) (key string, ok bool) {
	column = strings.TrimSpace(column)
	if len(column) < len(CustomPrefix) || !strings.EqualFold(column[:len(CustomPrefix)], CustomPrefix) {
		return "", false
	}
	return column[len(CustomPrefix):], true
}

// Object builds a custom_field from its values. The zero Object is empty.
type Object struct{ json []byte }

// Add adds the value of a cell. The key is the result of [AppendKey]. An empty cell
// has no value and adds nothing. The cell must be valid UTF-8.
func (o *Object) Add(key, cell string) {
	if cell == "" {
		return
	}
	o.begin(key)
	o.json = appendValue(o.json, cell)
}

// AddText is Add for a cell that is text even if it looks like JSON.
func (o *Object) AddText(key, cell string) {
	if cell == "" {
		return
	}
	o.begin(key)
	text, _ := Unmark(cell)
	o.json = appendString(o.json, text)
}

func (o *Object) begin(key string) {
	if len(o.json) == 0 {
		o.json = append(o.json, '{')
	} else {
		o.json = append(o.json, ',')
	}
	o.json = append(o.json, key...)
}

// String returns the object as JSON, or "" when it has no values.
func (o *Object) String() string {
	if len(o.json) == 0 {
		return ""
	}
	return string(o.json) + "}"
}

// Reset removes all values.
func (o *Object) Reset() { o.json = o.json[:0] }

// AppendKey appends the beginning of a JSON member: the quoted key and the colon.
// The key must be valid UTF-8.
func AppendKey(b []byte, key string) []byte { return append(appendString(b, key), ':') }

// appendValue appends the value of a cell as JSON: a cell that is JSON stays
// unchanged, and any other becomes a string.
func appendValue(b []byte, cell string) []byte {
	text, marked := Unmark(cell)
	if !marked {
		if value, ok := jsonIn(cell); ok {
			return append(b, value...)
		}
	}
	return appendString(b, text)
}

// ValueCell returns the cell for a value of custom_field, which is JSON without
// surrounding spaces.
func ValueCell(value string) string {
	if value[0] != '"' {
		return value
	}
	text := value[1 : len(value)-1]
	if strings.IndexByte(text, '\\') >= 0 {
		unquoted, err := jsontext.AppendUnquote(nil, value)
		text = string(unquoted)
		// The cell keeps the JSON when appendString would encode the string
		// differently, since an import would then change its bytes, and when the
		// string holds a NUL, which would make the file binary.
		if err != nil || strings.IndexByte(text, 0) >= 0 || string(appendString(nil, text)) != value {
			return value
		}
	}
	if text == "" {
		return value
	}
	if cell := Mark(text); cell != text {
		return cell
	}
	if _, ok := jsonIn(text); ok {
		return value
	}
	return text
}

// jsonIn returns the JSON of a cell without surrounding spaces, and whether the
// cell is JSON.
func jsonIn(cell string) (value string, ok bool) {
	value = strings.Trim(cell, " \t\r\n")
	if value == "" || strings.IndexByte(`{["-0123456789tfn`, value[0]) < 0 {
		return "", false // the fast path for most cells
	}
	return value, ValidJSON(value)
}

// ObjectIn returns the JSON object of a cell without surrounding spaces, and
// whether the cell is a JSON object.
func ObjectIn(cell string) (object string, ok bool) {
	object, ok = jsonIn(cell)
	return object, ok && object[0] == '{'
}

// ValidJSON reports whether a text is JSON that is valid in a custom_field. Keys may
// be repeated, but all texts must be valid UTF-8, also when unescaped.
func ValidJSON(text string) bool {
	return jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true))
}

// appendString appends valid UTF-8 as a JSON string.
func appendString(b []byte, s string) []byte {
	// The only possible error is invalid UTF-8, which is replaced.
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

// EachMember calls do with the key and the unchanged JSON value of each member of an
// object, until do returns false. It reports whether it reached the end of a valid
// object.
func EachMember(object string, do func(key, value string) bool) bool {
	d := jsontext.NewDecoder(bytes.NewBufferString(object), jsontext.AllowDuplicateNames(true))
	if d.PeekKind() != '{' {
		return false
	}
	if _, err := d.ReadToken(); err != nil {
		return false
	}
	for d.PeekKind() == '"' {
		key, err := d.ReadToken()
		if err != nil {
			return false
		}
		name := key.String() // key is valid only until the next read
		value, err := d.ReadValue()
		if err != nil || !do(name, string(value)) {
			return false
		}
	}
	end, err := d.ReadToken()
	return err == nil && end.Kind() == '}'
}
