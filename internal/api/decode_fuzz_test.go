package api

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// FuzzDecodeContacts holds the decoder against encoding/json, which is what the
// platform reads with: the same bodies are taken, and their texts mean the
// same.
func FuzzDecodeContacts(f *testing.F) {
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
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		given := bytes.Clone(body)
		drafts, err := decodeContacts(body)
		if !bytes.Equal(body, given) {
			t.Fatal("the body was changed")
		}
		var outline struct{ Contacts []json.RawMessage }
		stdErr := json.Unmarshal(given, &outline)
		if stdErr == nil && bytes.Equal(bytes.TrimSpace(given), []byte("null")) {
			stdErr = errWrongShape // encoding/json takes it, the contract does not
		}
		switch n := len(outline.Contacts); {
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
		if err != nil || len(drafts) != len(outline.Contacts) {
			t.Fatalf("got %d drafts, %v, want %d", len(drafts), err, len(outline.Contacts))
		}
		for i := range drafts {
			compareDraft(t, &drafts[i], outline.Contacts[i])
		}
	})
}

func isFault(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != kind || f.Detail == "" || f.Cause != nil {
		t.Fatalf("got %v, want a fault of kind %d", err, kind)
	}
}

// compareDraft holds one draft against what encoding/json reads of its item.
func compareDraft(t *testing.T, d *addressbook.Draft, item json.RawMessage) {
	t.Helper()
	var fields struct {
		Number      json.RawMessage `json:"number"`
		FirstName   json.RawMessage `json:"first_name"`
		LastName    json.RawMessage `json:"last_name"`
		CompanyName json.RawMessage `json:"company_name"`
		Email       json.RawMessage `json:"email"`
		Tag         json.RawMessage `json:"tag"`
		Custom      json.RawMessage `json:"custom"`
		CustomField json.RawMessage `json:"custom_field"`
	}
	if item[0] != '{' {
		if d.Fault != errNoObject {
			t.Fatalf("%s: fault is %v", item, d.Fault)
		}
		return
	}
	if err := json.Unmarshal(item, &fields); err != nil {
		t.Fatalf("%s: %v", item, err)
	}
	bad := false // whether the item has anything that no draft can hold
	for _, field := range []struct {
		raw  json.RawMessage
		text addressbook.Text
	}{
		{fields.Number, d.Number}, {fields.FirstName, d.FirstName}, {fields.LastName, d.LastName},
		{fields.CompanyName, d.CompanyName}, {fields.Email, d.Email}, {fields.Tag, d.Tag},
	} {
		switch {
		case len(field.raw) == 0 || string(field.raw) == "null":
			if field.text.Given || field.text.Value != "" {
				t.Fatalf("%s: %+v was not given", item, field.text)
			}
		case field.raw[0] != '"' || halfSurrogate(field.raw):
			bad = true
		case !utf8.Valid(field.raw):
			// Refused by Book at the latest, so it must not look valid here.
			if utf8.ValidString(field.text.Value) && d.Fault == nil {
				t.Fatalf("%s: %q is not valid UTF-8", item, field.raw)
			}
			bad = bad || d.Fault != nil
		default:
			var want string
			if err := json.Unmarshal(field.raw, &want); err != nil {
				t.Fatalf("%s: %v", item, err)
			}
			if field.text != addressbook.Given(want) {
				t.Fatalf("%s: got %+v, want %q", item, field.text, want)
			}
		}
	}
	custom := fields.CustomField
	if custom == nil {
		custom = fields.Custom
	}
	switch {
	case len(custom) == 0 || string(custom) == "null":
		custom = nil
	case custom[0] != '{':
		bad = true
	}
	if bad != (d.Fault != nil) {
		t.Fatalf("%s: fault is %v", item, d.Fault)
	}
	if !bad && d.CustomField != string(custom) {
		t.Fatalf("%s: custom field is %s, want %s", item, d.CustomField, custom)
	}
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
