package csvcell

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// CustomPrefix begins the name of a column whose cells are values of
// custom_field, each under the rest of the name.
const CustomPrefix = "custom_field."

// CustomColumn reads the name of a column. It returns the key of custom_field
// that its cells are under, and whether it is such a column: the prefix may
// come in any case, blanks around the whole do not count, and the key may be
// empty, which is no good one.
func CustomColumn(column string) (key string, ok bool) {
	column = strings.TrimSpace(column)
	if len(column) < len(CustomPrefix) || !strings.EqualFold(column[:len(CustomPrefix)], CustomPrefix) {
		return "", false
	}
	return column[len(CustomPrefix):], true
}

// Object builds a custom_field of its values. The zero Object has none.
type Object struct{ json []byte }

// Add adds the value of a cell, under the beginning of a JSON member that
// [AppendKey] made. An empty cell adds nothing: it has no value. The cell must
// be valid UTF-8.
func (o *Object) Add(key, cell string) {
	if cell == "" {
		return
	}
	o.begin(key)
	o.json = appendValue(o.json, cell)
}

// AddText is Add for a cell that is text, whatever it looks like.
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

// Reset takes all values out.
func (o *Object) Reset() { o.json = o.json[:0] }

// AppendKey appends the beginning of a JSON member: the key and the colon. The
// key must be valid UTF-8.
func AppendKey(b []byte, key string) []byte { return append(appendString(b, key), ':') }

// appendValue appends the value that a cell stands for: JSON is itself, as it
// is spelt, and anything else is a string.
func appendValue(b []byte, cell string) []byte {
	text, marked := Unmark(cell)
	if !marked {
		if value, ok := jsonIn(cell); ok {
			return append(b, value...)
		}
	}
	return appendString(b, text)
}

// ValueCell returns the cell for a value of custom_field, given as JSON without
// blanks around it.
func ValueCell(value string) string {
	if value[0] != '"' {
		return value
	}
	text := value[1 : len(value)-1]
	if strings.IndexByte(text, '\\') >= 0 {
		unquoted, err := jsontext.AppendUnquote(nil, value)
		text = string(unquoted)
		// A string that is spelt in a way of its own stays as it is spelt. So
		// does one with a NUL, since that makes a file no text.
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

// jsonIn returns the JSON value that a cell is, without the blanks around it.
func jsonIn(cell string) (value string, ok bool) {
	value = strings.Trim(cell, " \t\r\n")
	if value == "" || strings.IndexByte(`{["-0123456789tfn`, value[0]) < 0 {
		return "", false // most cells, at little cost
	}
	return value, ValidJSON(value)
}

// ObjectIn returns the JSON object that a cell is, without the blanks around
// it, and whether it is one.
func ObjectIn(cell string) (object string, ok bool) {
	object, ok = jsonIn(cell)
	return object, ok && object[0] == '{'
}

// ValidJSON tells whether a text is JSON that a custom_field may have in it: a
// key may come twice, but everything is valid UTF-8, escapes too.
func ValidJSON(text string) bool {
	return jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true))
}

// appendString appends valid UTF-8 as a JSON string.
func appendString(b []byte, s string) []byte {
	// The only error is invalid UTF-8, which is replaced.
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

// EachMember calls do with the key and the value of each member of a JSON
// object, the value as it is spelt, until do returns false. It tells whether it
// came to the end: what is no object has none.
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
		name := key.String() // before the next read takes it away
		value, err := d.ReadValue()
		if err != nil || !do(name, string(value)) {
			return false
		}
	}
	end, err := d.ReadToken()
	return err == nil && end.Kind() == '}'
}
