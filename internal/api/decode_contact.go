package api

import (
	"cmp"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// The fields of requests about contacts.
var (
	newContacts = bulkRequest[addressbook.Draft]{
		key: "contacts", outline: contactsOutline, read: readContactDraft,
	}
	contactPatches = bulkRequest[addressbook.Patch]{
		key: "contacts", outline: contactsOutline, read: readNamedContactPatch,
	}
	contactRefs = bulkRequest[addressbook.ContactRef]{
		key: "contacts", outline: contactsOutline, read: readContactRef,
	}
)

type contactsRequest struct {
	Contacts []item `json:"contacts"`
}

func contactsOutline() any { return new(contactsRequest) }

// The indexes of the fields of a contact. Those of the texts begin at contactTexts, in
// the order of [addressbook.TextFields].
const (
	contactNumber      = 0
	contactTexts       = 1
	contactCustomField = contactTexts + int(addressbook.NumTextFields)
	contactCustom      = contactCustomField + 1 // the documentation's table says custom, its samples say custom_field
	contactRef         = contactCustomField + 2 // this and the next each belong to one kind of request
	contactSID         = contactCustomField + 3
	contactFieldCount  = contactCustomField + 4
)

var contactFields = func() (fields [contactFieldCount]field) {
	fields = [...]field{
		contactNumber:      {name: addressbook.FieldNumber},
		contactCustomField: {name: addressbook.FieldCustomField, isObj: true},
		contactCustom:      {name: "custom", isObj: true},
		contactRef:         {name: "client_ref"},
		contactSID:         {name: "sid"},
	}
	for i, text := range addressbook.TextFields {
		fields[contactTexts+i].name = text.Key
	}
	return fields
}()

var (
	errNoContactObject = fault.New(fault.Invalid, "Invalid Contact: it must be a JSON object")
	errNoContactField  = errNoKnownField("Contact", contactFields[:contactCustom])
)

// contactValues has the values of a contact's fields in one object.
type contactValues [contactFieldCount]value

// read reads one contact; see decoder.item.
func (v *contactValues) read(d *decoder, known []field) (invalid, err error) {
	invalid, err = d.item(errNoContactObject, known, v[:])
	if !v[contactCustomField].Set {
		v[contactCustomField] = v[contactCustom]
	}
	return invalid, err
}

// fault returns the first fault of the values, except those of the ref and the sid.
func (v *contactValues) fault() error { return firstFault(v[:contactCustom]) }

// readContactDraft reads a contact to create.
func readContactDraft(d *decoder, draft *addressbook.Draft) error {
	var v contactValues
	invalid, err := v.read(d, contactFields[:contactSID])
	if draft.Ref = v[contactRef].Text; !utf8.ValidString(draft.Ref.Value) {
		draft.Ref, v[contactRef].fault = addressbook.Text{}, fault.NotUTF8(contactFields[contactRef].name)
	}
	draft.Number = v[contactNumber].Text
	for i := range draft.Texts {
		draft.Texts[i] = v[contactTexts+i].Text
	}
	draft.CustomField = v[contactCustomField].Value
	draft.Fault = cmp.Or(invalid, v[contactRef].fault, v.fault())
	return err
}

// readContactPatch reads a change to a contact that the path names.
func readContactPatch(d *decoder, p *addressbook.Patch) error {
	var v contactValues
	invalid, err := v.read(d, contactFields[:contactRef])
	v.patch(p)
	p.Fault = cmp.Or(invalid, v.fault())
	return err
}

// decodeContactPatch decodes a body with one such change.
func decodeContactPatch(body []byte) (addressbook.Patch, error) {
	return decodeOne(body, errNoContactField, readContactPatch)
}

// readNamedContactPatch reads a change with the sid of its contact.
func readNamedContactPatch(d *decoder, p *addressbook.Patch) error {
	var v contactValues
	invalid, err := v.read(d, contactFields[:])
	v.patch(p)
	var nameless error
	p.SID, nameless = contactFields[contactSID].mandatorySID(&v[contactSID])
	p.Fault = cmp.Or(invalid, nameless, v.fault())
	return err
}

func (v *contactValues) patch(p *addressbook.Patch) {
	p.Number = v[contactNumber].Change
	for i := range p.Texts {
		p.Texts[i] = v[contactTexts+i].Change
	}
	p.CustomField = v[contactCustomField].Change
}

// readContactRef reads an item that has only the sid of a contact.
func readContactRef(d *decoder, r *addressbook.ContactRef) error {
	return readRef(d, r, errNoContactObject, contactFields[contactSID:])
}
