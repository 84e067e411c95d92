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
	isObj bool        // whether the value is a JSON object; otherwise it is a string
}

// value is the value of a field. If the key came twice, it is the last one. If the key
// did not come, Set is false.
type value struct {
	addressbook.Change
	fault error // why the value is invalid
}

// item reads the next object into values, one for each of the known fields. It ignores
// other keys. If the next value is not an object, item returns notObject as invalid.
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

// errNoKnownField returns the fault of a change to what, a contact or a list, that has
// none of the known fields.
func errNoKnownField(what string, known []field) error {
	names := make([]string, len(known))
	for i := range known {
		names[i] = string(known[i].name)
	}
	return fault.New(fault.Invalid, fmt.Sprintf("Invalid %s: the body must be an object with one or more of the fields %s",
		what, strings.Join(names, ", ")))
}

// find returns the index of a field by its name, or -1. It prefers the exact spelling,
// and otherwise ignores case, as encoding/json does.
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

// value reads the value of a field, which may be null.
func (d *decoder) value(f *field, v *value) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	*v = value{Change: addressbook.Change{Set: true}}
	switch kind := raw.Kind(); {
	case kind == 'n':
	case kind == '{' && f.isObj:
		// Book rejects invalid UTF-8, except if escapes spell it.
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

// emptyArray reports whether JSON is an empty array. PHP encodes an empty object as an
// empty array, so callbook accepts one in place of an object.
func emptyArray(json []byte) bool {
	if len(json) > 0 && json[0] == '{' {
		return false
	}
	const blanks = " \t\r\n"
	inner, opened := bytes.CutPrefix(bytes.Trim(json, blanks), []byte("["))
	inner, closed := bytes.CutSuffix(inner, []byte("]"))
	return opened && closed && len(bytes.Trim(inner, blanks)) == 0
}

// firstFault returns the fault of the first value that has one.
func firstFault(values []value) error {
	for i := range values {
		if values[i].fault != nil {
			return values[i].fault
		}
	}
	return nil
}

// mandatorySID returns the sid in a mandatory field. An invalid sid becomes the zero sid,
// which nothing has; so it is not found, like an unknown one.
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
