package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// FuzzDecode holds the decoder against encoding/json, which is what the
// platform reads with: of every kind of request the same bodies are taken, and
// their texts mean the same.
func FuzzDecode(f *testing.F) {
	const sid = `0198f2c4a1b27d3e9f405162738495a6`
	for _, body := range []string{
		``, `{}`, `[]`, `null`, ` {"contacts":[]} `, `{"contacts":null}`, `{"contacts":{}}`, `{"contacts":[{"number":"+9198`,
		`{"contacts":[{"number":"+919876543210","first_name":"a","custom_field":{"a":[1.50e+02]}}]}`,
		`{"contacts":[{"number":"+919876543210","custom":{"a":1},"custom_field":null,"tag":"\ud83d\ude00"}]}`,
		`{"contacts":[1,"2",null,true,[],{}],"x":{"contacts":[]}}`,
		`{"contacts":[1],"Contacts":[2,3],"CONTACTS":null,"contacts":[4]}`,
		`{"contacts":{},"contacts":[1]}`, `{"conta\u0063ts":[{"t\u0061g":"x"}]}`, `{"contactſ":[{"TAG":"\u212a"}]}`,
		`{"contacts":[{"tag":"\ud800","email":"\\ \/ \"","last_name":"` + "\xff" + `"}]}`,
		`{"contacts":[]} x`, `{"contacts":[,]}`, `{"contacts":[1,]}`, "\ufeff{}", `{"contacts":[{"number":1,"number":"2"}]}`,
		`{"contacts":[{"firſt_name":7}]}`, `{"contacts":[{"fİrst_name":7}]}`,
		`{"contacts":[{"sid":"` + sid + `","number":null,"tag":""},{"sid":7,"tag":7},{"sid":"x","custom":null},{"SID":null},{"sid":""}]}`,
		`{"lists":[{"name":"a","tag":null},{"name":7},{"sid":"` + sid + `","Name":""},7,{"tag":"\udc00"}]}`,
		`{"lists":{}}`, `{"liſts":[{"name":"a","name":null}]}`, `{"lists":null,"lists":[{}],"contacts":7}`,
		`{"contact_references":[{"contact_sid":"` + sid + `"},{"contact_sid":[]},{},"x"]}`, `{"contact_references":"x"}`,
		`{"name":"a","tag":null,"first_name":"b","number":"","custom_field":{"a":"\ud800"}}`, `{"tag":1,"TAG":"x"}`, ` [ ] `, `{"custom_field":[ ]}`, `{"custom":[]}`, `{"tag":"a"}]`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		given := bytes.Clone(body)
		var contacts struct{ Contacts []json.RawMessage }
		var lists struct{ Lists []json.RawMessage }
		var references struct {
			ContactReferences []json.RawMessage `json:"contact_references"`
		}
		compareBulk(t, &newContacts, body, &contacts, &contacts.Contacts, errNoContactObject, compareDraft)
		compareBulk(t, &contactPatches, body, &contacts, &contacts.Contacts, errNoContactObject, compareNamedPatch)
		compareBulk(t, &contactRefs, body, &contacts, &contacts.Contacts, errNoContactObject, compareRef)
		compareBulk(t, &newLists, body, &lists, &lists.Lists, errNoListObject, compareListDraft)
		compareBulk(t, &listPatches, body, &lists, &lists.Lists, errNoListObject, compareNamedListPatch)
		compareBulk(t, &contactReferences, body, &references, &references.ContactReferences, errNoReferenceObject, compareReference)
		compareOne(t, decodeContactPatch, body, comparePatch)
		compareOne(t, decodeListPatch, body, compareListPatch)
		if !bytes.Equal(body, given) {
			t.Fatal("the body was changed")
		}
	})
}

// comparer notes what the decoder read of an item beside what encoding/json did,
// and returns the item's fault.
type comparer[T any] func(got *T, read *itemFields, c *comparison) error

// compareBulk holds one kind of bulk request against encoding/json, which reads
// its items into outline.
func compareBulk[T any](t *testing.T, q *bulkRequest[T], body []byte, outline any, items *[]json.RawMessage, notObject error, compare comparer[T]) {
	t.Helper()
	*items = nil
	got, err := q.decode(body)
	stdErr := json.Unmarshal(body, outline)
	if stdErr == nil && bytes.Equal(bytes.TrimSpace(body), []byte("null")) {
		stdErr = errWrongShape // encoding/json takes it, the contract does not
	}
	switch n := len(*items); {
	case stdErr != nil:
		isFault(t, err, fault.Unparsable)
		return
	case n == 0:
		isFault(t, err, fault.Missing)
		return
	case n > maxItems:
		isFault(t, err, fault.Invalid)
		return
	}
	if err != nil || len(got) != len(*items) {
		t.Fatalf("%s: got %d items, %v, want %d", q.key, len(got), err, len(*items))
	}
	for i, item := range *items {
		if item[0] == '{' {
			compareItem(t, &got[i], item, compare)
		} else if isEmptyArray(item) {
			compareItem(t, &got[i], json.RawMessage("{}"), compare)
		} else if fault := compare(&got[i], &itemFields{}, &comparison{}); fault != notObject {
			t.Fatalf("%s: %s: fault is %v", q.key, item, fault)
		}
	}
}

// compareOne does the same with a body that is itself an item.
func compareOne[T any](t *testing.T, decode func([]byte) (T, error), body []byte, compare comparer[T]) {
	t.Helper()
	got, err := decode(body)
	if isEmptyArray(body) {
		body = []byte("{}")
	}
	if trimmed := bytes.TrimSpace(body); !json.Valid(body) || trimmed[0] != '{' {
		isFault(t, err, fault.Unparsable)
		return
	}
	if onlyUnknown(t, body, compare) {
		isFault(t, err, fault.Invalid)
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	compareItem(t, &got, body, compare)
}

// isEmptyArray tells whether encoding/json reads an array without elements.
func isEmptyArray(raw []byte) bool {
	var elements []json.RawMessage
	return json.Unmarshal(raw, &elements) == nil && elements != nil && len(elements) == 0
}

// onlyUnknown tells whether encoding/json finds keys in an object, and none that
// is looked at.
func onlyUnknown[T any](t *testing.T, object []byte, compare comparer[T]) bool {
	t.Helper()
	var keys map[string]json.RawMessage
	var read itemFields
	if err := errors.Join(json.Unmarshal(object, &keys), json.Unmarshal(object, &read)); err != nil {
		t.Fatalf("%s: %v", object, err)
	}
	var c comparison
	compare(new(T), &read, &c)
	known := c.object != nil && len(read.Custom)+len(read.CustomField) > 0
	for _, text := range c.texts {
		known = known || len(text.raw) > 0
	}
	return len(keys) > 0 && !known
}

func isFault(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != kind || Words(f) == "" || f.Cause != nil {
		t.Fatalf("got %v, want a fault of kind %d", err, kind)
	}
}

// itemFields are the keys of all kinds of items, as encoding/json finds them.
type itemFields struct {
	Number      json.RawMessage `json:"number"`
	FirstName   json.RawMessage `json:"first_name"`
	LastName    json.RawMessage `json:"last_name"`
	CompanyName json.RawMessage `json:"company_name"`
	Email       json.RawMessage `json:"email"`
	Tag         json.RawMessage `json:"tag"`
	Custom      json.RawMessage `json:"custom"`
	CustomField json.RawMessage `json:"custom_field"`
	SID         json.RawMessage `json:"sid"`
	Name        json.RawMessage `json:"name"`
	ContactSID  json.RawMessage `json:"contact_sid"`
}

// comparison is what is to be held against each other of one item.
type comparison struct {
	texts  []comparedText
	object *comparedText // the custom fields
	sid    *comparedSID
}

// comparedText is a text of an item. A draft does not tell whether a key that
// held null was there at all; a change does, and tellSet is true.
type comparedText struct {
	raw     json.RawMessage
	got     addressbook.Change
	tellSet bool
}

type comparedSID struct {
	raw json.RawMessage
	got addressbook.SID
}

func (c *comparison) given(raw json.RawMessage, got addressbook.Text) {
	c.texts = append(c.texts, comparedText{raw: raw, got: addressbook.Change{Text: got}})
}

func (c *comparison) changed(raw json.RawMessage, got addressbook.Change) {
	c.texts = append(c.texts, comparedText{raw: raw, got: got, tellSet: true})
}

// texts returns the texts of a contact.
func (f *itemFields) texts() [addressbook.NumTextFields]json.RawMessage {
	return [addressbook.NumTextFields]json.RawMessage{
		addressbook.FirstName: f.FirstName, addressbook.LastName: f.LastName, addressbook.CompanyName: f.CompanyName,
		addressbook.Email: f.Email, addressbook.Tag: f.Tag,
	}
}

// custom returns the value that counts.
func (f *itemFields) custom() json.RawMessage {
	if f.CustomField == nil {
		return f.Custom
	}
	return f.CustomField
}

func compareDraft(d *addressbook.Draft, read *itemFields, c *comparison) error {
	c.given(read.Number, d.Number)
	for i, raw := range read.texts() {
		c.given(raw, d.Texts[i])
	}
	c.object = &comparedText{raw: read.custom(), got: addressbook.Change{Text: addressbook.Text{Value: d.CustomField}}}
	return d.Fault
}

func comparePatch(p *addressbook.Patch, read *itemFields, c *comparison) error {
	c.changed(read.Number, p.Number)
	for i, raw := range read.texts() {
		c.changed(raw, p.Texts[i])
	}
	c.object = &comparedText{raw: read.custom(), got: p.CustomField, tellSet: true}
	return p.Fault
}

func compareNamedPatch(p *addressbook.Patch, read *itemFields, c *comparison) error {
	c.sid = &comparedSID{read.SID, p.SID}
	return comparePatch(p, read, c)
}

func compareRef(r *addressbook.ContactRef, read *itemFields, c *comparison) error {
	c.sid = &comparedSID{read.SID, r.SID}
	return r.Fault
}

func compareListDraft(d *addressbook.ListDraft, read *itemFields, c *comparison) error {
	c.given(read.Name, d.Name)
	c.given(read.Tag, d.Tag)
	return d.Fault
}

func compareListPatch(p *addressbook.ListPatch, read *itemFields, c *comparison) error {
	c.changed(read.Name, p.Name)
	c.changed(read.Tag, p.Tag)
	return p.Fault
}

func compareNamedListPatch(p *addressbook.ListPatch, read *itemFields, c *comparison) error {
	c.sid = &comparedSID{read.SID, p.SID}
	return compareListPatch(p, read, c)
}

func compareReference(r *addressbook.ContactRef, read *itemFields, c *comparison) error {
	c.sid = &comparedSID{read.ContactSID, r.SID}
	return r.Fault
}

// compareItem holds one item that is an object against what encoding/json reads
// of it.
func compareItem[T any](t *testing.T, got *T, item json.RawMessage, compare comparer[T]) {
	t.Helper()
	var read itemFields
	if err := json.Unmarshal(item, &read); err != nil {
		t.Fatalf("%s: %v", item, err)
	}
	var c comparison
	itemFault := compare(got, &read, &c)
	bad := false // whether the item has anything that cannot be taken
	for _, text := range c.texts {
		bad = text.check(t, item, itemFault) || bad
	}
	if c.object != nil {
		bad = c.object.checkObject(t, item, itemFault) || bad
	}
	if c.sid != nil {
		bad = c.sid.check(t, item, itemFault) || bad
	}
	if bad != (itemFault != nil) {
		t.Fatalf("%s: fault is %v", item, itemFault)
	}
}

func isNone(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// check tells whether the text cannot be taken.
func (c *comparedText) check(t *testing.T, item json.RawMessage, itemFault error) (bad bool) {
	t.Helper()
	if c.tellSet && c.got.Set != (len(c.raw) > 0) {
		t.Fatalf("%s: %q is %+v", item, c.raw, c.got)
	}
	switch {
	case isNone(c.raw):
		if c.got.Given || c.got.Value != "" {
			t.Fatalf("%s: %+v was not given", item, c.got)
		}
	case c.raw[0] != '"' || halfSurrogate(c.raw):
		return true
	case !utf8.Valid(c.raw):
		// Refused by Book at the latest, so it must not look valid here.
		if utf8.ValidString(c.got.Value) && itemFault == nil {
			t.Fatalf("%s: %q is not valid UTF-8", item, c.raw)
		}
		return itemFault != nil
	default:
		var want string
		if err := json.Unmarshal(c.raw, &want); err != nil {
			t.Fatalf("%s: %v", item, err)
		}
		if c.got.Text != addressbook.Given(want) {
			t.Fatalf("%s: got %+v, want %q", item, c.got, want)
		}
	}
	return false
}

// checkObject does the same for a JSON object, which is kept as it came.
func (c *comparedText) checkObject(t *testing.T, item json.RawMessage, itemFault error) (bad bool) {
	t.Helper()
	if c.tellSet && c.got.Set != (len(c.raw) > 0) {
		t.Fatalf("%s: %q is %+v", item, c.raw, c.got)
	}
	switch {
	case isNone(c.raw):
		if c.got.Value != "" {
			t.Fatalf("%s: %+v was not given", item, c.got)
		}
		return false
	case isEmptyArray(c.raw):
		if itemFault == nil && c.got.Value != "{}" {
			t.Fatalf("%s: custom field is %s, want {}", item, c.got.Value)
		}
		return false
	case c.raw[0] != '{':
		return true
	case itemFault == nil && c.got.Value != string(c.raw):
		t.Fatalf("%s: custom field is %s, want %s", item, c.got.Value, c.raw)
	}
	// A half surrogate within it is found by another decoder, so only that this
	// may be the reason is checked.
	return itemFault != nil && bytes.Contains(c.raw, []byte(`\u`))
}

// check tells whether the sid is missing or no text. Any text is one, since an
// unknown sid is found out later.
func (c *comparedSID) check(t *testing.T, item json.RawMessage, itemFault error) (bad bool) {
	t.Helper()
	var text string
	switch {
	case isNone(c.raw), json.Unmarshal(c.raw, &text) != nil, text == "", halfSurrogate(c.raw):
		return true
	case !utf8.Valid(c.raw):
		return itemFault != nil
	}
	if want, _ := addressbook.ParseSID(text); c.got != want {
		t.Fatalf("%s: sid is %s, want %s", item, c.got, want)
	}
	return false
}

// halfSurrogate tells whether a JSON string has an escaped surrogate without
// the other half: encoding/json replaces it, and callbook refuses it.
func halfSurrogate(quoted []byte) bool {
	var plain string
	if json.Unmarshal(quoted, &plain) != nil {
		return true
	}
	escapes := bytes.Count(bytes.ToLower(bytes.ReplaceAll(quoted, []byte(`\\`), nil)), []byte(`\ufffd`))
	return strings.Count(plain, "\ufffd") > escapes+bytes.Count(quoted, []byte("\ufffd")) && utf8.Valid(quoted)
}
