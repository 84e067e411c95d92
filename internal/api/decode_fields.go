package api

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// field is a key that an object in a request may have.
type field struct {
	name  fault.Field // on the wire
	isObj bool        // whether a JSON object stands there, and else a text
}

// value is what came under a field's key: the last one, when it came twice. It
// is not set when the key did not come.
type value struct {
	addressbook.Change
	fault error // why it is not one that the field takes
}

// item reads the object that comes next into values, one for each of the known
// fields, and ignores other keys. When it is no object, notObject is what is
// wrong with the item.
func (d *decoder) item(notObject error, known []field, values []value) (invalid, err error) {
	if d.dec.PeekKind() != '{' {
		raw, err := d.dec.ReadValue()
		if err != nil || emptyArray(raw) {
			return nil, err
		}
		return notObject, nil
	}
	return nil, d.object(func(name string) error {
		f := find(known, name)
		if f < 0 {
			d.unknown = true
			return d.dec.SkipValue()
		}
		d.known = true
		return d.value(&known[f], &values[f])
	})
}

// errNoKnownField is the fault of a change that names no field of what it changes,
// a contact or a list.
func errNoKnownField(what string, known []field) error {
	names := make([]string, len(known))
	for i := range known {
		names[i] = string(known[i].name)
	}
	return fault.New(fault.Invalid, fmt.Sprintf("Invalid %s: the body must be an object with one or more of the fields %s",
		what, strings.Join(names, ", ")))
}

// find looks a key up, as it is spelt, or else without regard to case, as
// encoding/json does. It returns -1 for one that is not known.
func find(known []field, name string) int {
	for f := range known {
		if name == string(known[f].name) {
			return f
		}
	}
	for f := range known {
		if strings.EqualFold(name, string(known[f].name)) {
			return f
		}
	}
	return -1
}

// value reads the value of a field, or null.
func (d *decoder) value(f *field, v *value) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	*v = value{Change: addressbook.Change{Set: true}}
	switch kind := raw.Kind(); {
	case kind == 'n':
	case kind == '{' && f.isObj:
		// Bad UTF-8 is seen by Book, except where escapes spell it.
		if bytes.Contains(raw, []byte(`\u`)) && !raw.IsValid(jsontext.AllowDuplicateNames(true)) {
			v.fault = fault.NotUTF8(f.name)
		} else {
			v.Text = addressbook.Given(d.source(raw))
		}
	case f.isObj && emptyArray(raw):
		v.Text = addressbook.Given("{}")
	case kind == '"' && !f.isObj:
		text, err := d.unquote(raw)
		if err != nil {
			v.fault = fault.NotUTF8(f.name)
		} else {
			v.Text = addressbook.Given(text)
		}
	case f.isObj:
		v.fault = fault.InvalidField(f.name, "it must be a JSON object")
	default:
		v.fault = fault.InvalidField(f.name, "it must be a string")
	}
	return nil
}

// emptyArray tells whether JSON is an array without elements. PHP has one type for
// arrays and objects, and json_encode writes an empty one as an array: where an
// object belongs, that is an object without keys.
func emptyArray(json []byte) bool {
	if len(json) > 0 && json[0] == '{' {
		return false
	}
	const blanks = " \t\r\n"
	inner, opened := bytes.CutPrefix(bytes.Trim(json, blanks), []byte("["))
	inner, closed := bytes.CutSuffix(inner, []byte("]"))
	return opened && closed && len(bytes.Trim(inner, blanks)) == 0
}

// firstFault returns what is wrong with the first value that has anything
// wrong.
func firstFault(values []value) error {
	for i := range values {
		if values[i].fault != nil {
			return values[i].fault
		}
	}
	return nil
}

// mandatorySID reads the value of a field that names something. A text that
// cannot be a sid is the zero sid, which nothing has, so that it is not found
// just as an unknown one.
func (f *field) mandatorySID(v *value) (addressbook.SID, error) {
	switch {
	case v.fault != nil:
		return addressbook.SID{}, v.fault
	case v.Value == "":
		return addressbook.SID{}, fault.Mandatory(f.name)
	}
	sid, _ := addressbook.ParseSID(v.Value)
	return sid, nil
}
