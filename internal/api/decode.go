package api

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// maxItems is how many items a bulk request may have.
const maxItems = 5000

var (
	errContactsMissing = fault.New(fault.Missing, "Contacts is mandatory")
	errTooManyContacts = fault.New(fault.Invalid, fmt.Sprintf("Maximum allowed length for Contacts is %d", maxItems))
	errNoObject        = fault.New(fault.Invalid, "Invalid Contact: it must be a JSON object")
	errCustomFieldText = fault.New(fault.Invalid, "Invalid CustomField: not valid UTF-8")
	errCustomField     = fault.New(fault.Invalid, "Invalid CustomField: it must be a JSON object")
)

// decodeContacts reads {"contacts":[{...}]}. An item that cannot be read
// becomes a draft with a fault; only a body that is no JSON object, or whose
// contacts are no array, fails as a whole.
func decodeContacts(body []byte) ([]addressbook.Draft, error) {
	d := decoder{
		// The platform takes what encoding/json takes: of a key that comes
		// twice the last counts, and bad UTF-8 is found item by item.
		dec: jsontext.NewDecoder(bytes.NewBuffer(body),
			jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		text: string(body),
	}
	if err := d.body(); err != nil {
		return nil, unparsable(body, err)
	}
	switch {
	case d.count == 0:
		return nil, errContactsMissing
	case d.count > maxItems:
		return nil, errTooManyContacts
	}
	return d.drafts, nil
}

// unparsable describes a body that is not as it must be in the words of
// encoding/json, which the platform answers with.
func unparsable(body []byte, err error) error {
	var request contactsRequest
	if stdErr := stdjson.Unmarshal(body, &request); stdErr != nil {
		err = stdErr
	}
	return fault.New(fault.Unparsable, strings.TrimPrefix(err.Error(), "jsontext: "))
}

// contactsRequest is the outline of a body, for encoding/json to complain
// about.
type contactsRequest struct {
	Contacts []contact `json:"contacts"`
}

type contact struct{}

// UnmarshalJSON takes anything: items are judged one by one.
func (contact) UnmarshalJSON([]byte) error { return nil }

// decoder reads a body in one pass.
type decoder struct {
	dec *jsontext.Decoder
	// text is the body as a string. What needs no unquoting is a part of it,
	// so that a field costs no allocation.
	text string

	drafts []addressbook.Draft
	count  int // items, those over the limit too
}

var errWrongShape = errors.New("the body must be a JSON object, and contacts an array")

func (d *decoder) body() error {
	if d.dec.PeekKind() != '{' {
		return d.wrongShape()
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	for d.dec.PeekKind() != '}' {
		name, err := d.name()
		if err != nil {
			return err
		}
		if !strings.EqualFold(name, "contacts") {
			err = d.dec.SkipValue()
		} else {
			err = d.items()
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	switch _, err := d.dec.ReadToken(); {
	case err == nil:
		return errors.New("invalid data after top-level value")
	case err == io.EOF:
		return nil
	default:
		return err
	}
}

// wrongShape is for a value of the wrong kind. Where it is not even JSON, that
// is what the error says.
func (d *decoder) wrongShape() error {
	if err := d.dec.SkipValue(); err != nil {
		return err
	}
	return errWrongShape
}

func (d *decoder) items() error {
	d.drafts, d.count = nil, 0
	switch d.dec.PeekKind() {
	case 'n':
		return d.dec.SkipValue()
	case '[':
	default:
		return d.wrongShape()
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	const leastItem = 64 // bytes; few contacts have less, and append sees to those
	d.drafts = make([]addressbook.Draft, 0, min(maxItems, 1+len(d.text)/leastItem))
	for d.dec.PeekKind() != ']' {
		var err error
		if d.count++; d.count > maxItems {
			err = d.dec.SkipValue()
		} else {
			d.drafts = append(d.drafts, addressbook.Draft{})
			err = d.item(&d.drafts[len(d.drafts)-1])
		}
		if err != nil {
			return err
		}
	}
	_, err := d.dec.ReadToken()
	return err
}

// field is a key of a contact in a request.
type field int

const (
	fieldNumber field = iota
	fieldFirstName
	fieldLastName
	fieldCompanyName
	fieldEmail
	fieldTag
	fieldCustom // the page's table calls it custom, its samples custom_field
	fieldCustomField
	fieldCount
	fieldUnknown field = -1
)

// fieldNames are the fields' keys on the wire.
var fieldNames = [fieldCount]string{
	"number", "first_name", "last_name", "company_name", "email", "tag", "custom", "custom_field",
}

// fieldTitles are the fields' names in the texts of the platform.
var fieldTitles = [fieldCustom]string{"Number", "FirstName", "LastName", "CompanyName", "Email", "Tag"}

// fieldOf finds a key: as it is spelt, or else without regard to case, as
// encoding/json does.
func fieldOf(name string) field {
	for f, known := range fieldNames {
		if name == known {
			return field(f)
		}
	}
	for f, known := range fieldNames {
		if strings.EqualFold(name, known) {
			return field(f)
		}
	}
	return fieldUnknown
}

// item reads one contact. Its error is the body's; what is wrong with the
// contact alone goes into the draft.
func (d *decoder) item(draft *addressbook.Draft) error {
	if d.dec.PeekKind() != '{' {
		draft.Fault = errNoObject
		return d.dec.SkipValue()
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	texts := [fieldCustom]*addressbook.Text{
		&draft.Number, &draft.FirstName, &draft.LastName, &draft.CompanyName, &draft.Email, &draft.Tag,
	}
	var faults [fieldCount]error // of the last value of each key
	var custom string            // under the name that yields to custom_field
	var hasCustomField bool
	for d.dec.PeekKind() != '}' {
		name, err := d.name()
		if err != nil {
			return err
		}
		switch f := fieldOf(name); f {
		case fieldUnknown:
			err = d.dec.SkipValue()
		case fieldCustom:
			custom, faults[f], err = d.object()
		case fieldCustomField:
			hasCustomField = true
			draft.CustomField, faults[f], err = d.object()
		default:
			*texts[f], faults[f], err = d.optionalText(f)
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	if hasCustomField {
		faults[fieldCustom] = nil
	} else {
		draft.CustomField = custom
	}
	for _, fault := range faults {
		if fault != nil {
			draft.Fault = fault
			break
		}
	}
	return nil
}

// name reads an object's key.
func (d *decoder) name() (string, error) {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return "", err
	}
	name, _ := d.unquote(raw)
	return name, nil
}

// optionalText reads a string or null.
func (d *decoder) optionalText(f field) (t addressbook.Text, invalid, err error) {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return t, nil, err
	}
	switch raw.Kind() {
	case 'n':
		return t, nil, nil
	case '"':
		text, err := d.unquote(raw)
		if err != nil {
			return t, fault.New(fault.Invalid, "Invalid "+fieldTitles[f]+": not valid UTF-8"), nil
		}
		return addressbook.Given(text), nil, nil
	default:
		return t, fault.New(fault.Invalid, "Invalid "+fieldTitles[f]+": it must be a string"), nil
	}
}

// object reads a JSON object as it came, or null, which is "".
func (d *decoder) object() (object string, invalid, err error) {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return "", nil, err
	}
	switch raw.Kind() {
	case 'n':
		return "", nil, nil
	case '{':
		// Bad UTF-8 is seen by Book, except where escapes spell it.
		if bytes.Contains(raw, []byte(`\u`)) && !raw.IsValid(jsontext.AllowDuplicateNames(true)) {
			return "", errCustomFieldText, nil
		}
		return d.source(raw), nil, nil
	default:
		return "", errCustomField, nil
	}
}

// source returns the part of text that the value just read is.
func (d *decoder) source(raw jsontext.Value) string {
	end := int(d.dec.InputOffset())
	return d.text[end-len(raw) : end]
}

// unquote returns what a JSON string stands for; the error means that it has
// no valid UTF-8.
func (d *decoder) unquote(raw jsontext.Value) (string, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		quoted := d.source(raw)
		return quoted[1 : len(quoted)-1], nil // Book looks at the UTF-8
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	return string(text), err
}
