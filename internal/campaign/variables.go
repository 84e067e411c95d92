package campaign

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"callbook/internal/addressbook"
	"callbook/internal/callflow"
)

// Values returns the contact's values for the variables with these names. Variables
// without a value are missing.
func Values(c *addressbook.Contact, names []string) map[string]string {
	v := newVariables(names)
	v.read(c)
	values := make(map[string]string, len(names))
	for i, value := range v.values {
		if value != "" {
			values[names[i]] = value
		}
	}
	return values
}

// EncodedValues returns a function that returns what [EncodeVars] makes of a contact's
// [Values]. It is for many contacts, one after the other: only one goroutine may call it
// at a time.
func EncodedValues(names []string) func(*addressbook.Contact) string {
	v := newVariables(names)
	keys := make([][]byte, len(names))
	for i, name := range names {
		keys[i] = append(appendQuoted(nil, name), ':')
	}
	var b []byte
	return func(c *addressbook.Contact) string {
		v.read(c)
		b = append(b[:0], '{')
		for i, value := range v.values {
			if value == "" {
				continue
			}
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = appendQuoted(append(b, keys[i]...), value)
		}
		if len(b) == 1 {
			return ""
		}
		return string(append(b, '}'))
	}
}

// appendQuoted appends a text as JSON.
func appendQuoted(b []byte, text string) []byte {
	b, _ = jsontext.AppendQuote(b, text) // the only error is invalid UTF-8, which is replaced
	return b
}

// variables reads the values of variables from contacts.
type variables struct {
	fields []int          // of each variable, the index of its text, or ofNumber or ofCustom
	values []string       // of the contact that was read last; "" for none
	custom map[string]int // index of the variable by its name, of those in custom fields
	// spelled has the same indexes by the names as the JSON of contacts spells them, in
	// quotes. A name that is no variable has -1.
	spelled map[string]int
	text    bytes.Buffer
	json    jsontext.Decoder
}

// Where the value of a variable is, if not in a text of the contact.
const (
	ofNumber = -1 - iota
	ofCustom
)

// maxSpelled bounds the names that variables remembers.
const maxSpelled = 1000

func newVariables(names []string) *variables {
	v := &variables{
		fields: make([]int, len(names)), values: make([]string, len(names)), custom: make(map[string]int), spelled: make(map[string]int),
	}
	texts := addressbook.TextKeys()
	for i, name := range names {
		switch field := slices.Index(texts, name); {
		case field >= 0:
			v.fields[i] = field
		case name == string(addressbook.FieldNumber):
			v.fields[i] = ofNumber
		default:
			v.fields[i], v.custom[name] = ofCustom, i
		}
	}
	return v
}

// read reads the values of a contact.
func (v *variables) read(c *addressbook.Contact) {
	for i, field := range v.fields {
		switch field {
		case ofNumber:
			v.values[i] = c.Number.String()
		case ofCustom:
			v.values[i] = ""
		default:
			v.values[i] = c.Texts[field].Value
		}
	}
	if len(v.custom) == 0 || c.CustomField == "" || v.readCustom(c.CustomField) {
		return
	}
	for _, i := range v.custom {
		v.values[i] = ""
	}
}

// readCustom reads the members of a custom field. A value that is not a string is its
// JSON; null is missing. It reports whether the custom field is a valid object.
func (v *variables) readCustom(object string) bool {
	v.text.Reset()
	v.text.WriteString(object)
	d := &v.json
	d.Reset(&v.text, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != '{' {
		return false
	}
	if _, err := d.ReadToken(); err != nil {
		return false
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadValue()
		if err != nil {
			return false
		}
		i, known := v.spelled[string(name)]
		if !known {
			i = v.find(name)
		}
		value, err := d.ReadValue()
		if err != nil {
			return false
		}
		if i >= 0 {
			v.values[i] = textOf(value)
		}
	}
	_, err := d.ReadToken()
	return err == nil
}

// find returns the index of the variable with a name in JSON, or -1.
func (v *variables) find(quoted []byte) int {
	i, ok := v.custom[callflow.VariableName(textOf(quoted))]
	if !ok {
		i = -1
	}
	if len(v.spelled) < maxSpelled {
		v.spelled[string(quoted)] = i
	}
	return i
}

// textOf returns a value in JSON as a text.
func textOf(value jsontext.Value) string {
	switch value.Kind() {
	case '"':
		text, _ := jsontext.AppendUnquote(nil, value)
		return string(text)
	case 'n':
		return ""
	}
	return string(value)
}
