package api

import (
	"cmp"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// The fields of requests about lists and their members.
var (
	newLists = bulkRequest[addressbook.ListDraft]{
		key: "lists", outline: listsOutline, read: readListDraft,
	}
	listPatches = bulkRequest[addressbook.ListPatch]{
		key: "lists", outline: listsOutline, read: readNamedListPatch,
	}
	listRefs = bulkRequest[addressbook.ContactRef]{
		key: "lists", outline: listsOutline, read: readListRef,
	}
	contactReferences = bulkRequest[addressbook.ContactRef]{
		key: "contact_references", outline: referencesOutline, read: readReference,
	}
)

type listsRequest struct {
	Lists []item `json:"lists"`
}

func listsOutline() any { return new(listsRequest) }

type referencesRequest struct {
	ContactReferences []item `json:"contact_references"`
}

func referencesOutline() any { return new(referencesRequest) }

// The indexes of the fields of a list.
const (
	listName = iota
	listTag
	listSID // the last one, since only an item of an update has it
	listFieldCount
)

var listFields = [listFieldCount]field{
	listName: {name: addressbook.FieldName},
	listTag:  {name: addressbook.FieldTag},
	listSID:  {name: "sid"},
}

var referenceFields = [1]field{{name: "contact_sid"}}

var (
	errNoListField       = errNoKnownField("List", listFields[:listSID])
	errNoListObject      = fault.New(fault.Invalid, "Invalid List: it must be a JSON object")
	errNoReferenceObject = fault.New(fault.Invalid, "Invalid ContactReference: it must be a JSON object")
)

// listValues has the values of a list's fields in one object.
type listValues [listFieldCount]value

func (v *listValues) read(d *decoder, known []field) (invalid, err error) {
	return d.item(errNoListObject, known, v[:])
}

// fault returns the first fault of the values, except that of the sid.
func (v *listValues) fault() error { return firstFault(v[:listSID]) }

// readListDraft reads a list to create.
func readListDraft(d *decoder, draft *addressbook.ListDraft) error {
	var v listValues
	invalid, err := v.read(d, listFields[:listSID])
	draft.Name = v[listName].Text
	draft.Tag = v[listTag].Text
	draft.Fault = cmp.Or(invalid, v.fault())
	return err
}

// readListPatch reads a change to a list that the path names.
func readListPatch(d *decoder, p *addressbook.ListPatch) error {
	var v listValues
	invalid, err := v.read(d, listFields[:listSID])
	v.patch(p)
	p.Fault = cmp.Or(invalid, v.fault())
	return err
}

// decodeListPatch decodes a body with one such change.
func decodeListPatch(body []byte) (addressbook.ListPatch, error) {
	return decodeOne(body, errNoListField, readListPatch)
}

// readNamedListPatch reads a change with the sid of its list.
func readNamedListPatch(d *decoder, p *addressbook.ListPatch) error {
	var v listValues
	invalid, err := v.read(d, listFields[:])
	v.patch(p)
	var nameless error
	p.SID, nameless = listFields[listSID].mandatorySID(&v[listSID])
	p.Fault = cmp.Or(invalid, nameless, v.fault())
	return err
}

func (v *listValues) patch(p *addressbook.ListPatch) {
	p.Name = v[listName].Change
	p.Tag = v[listTag].Change
}

// readReference reads an item that names a contact to add to a list.
func readReference(d *decoder, r *addressbook.ContactRef) error {
	return readRef(d, r, errNoReferenceObject, referenceFields[:])
}

func readListRef(d *decoder, r *addressbook.ContactRef) error {
	return readRef(d, r, errNoListObject, listFields[listSID:])
}

// readRef reads an item with the sid of a contact or a list in the one known field.
func readRef(d *decoder, r *addressbook.ContactRef, notObject error, known []field) error {
	var v [1]value
	invalid, err := d.item(notObject, known, v[:])
	r.SID, r.Fault = known[0].mandatorySID(&v[0])
	r.Fault = cmp.Or(invalid, r.Fault)
	return err
}
