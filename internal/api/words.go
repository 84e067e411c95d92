package api

import (
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
)

// titles are what the platform's sentences call the fields.
var titles = map[fault.Field]string{
	addressbook.FieldNumber:      "Number",
	addressbook.FieldFirstName:   "FirstName",
	addressbook.FieldLastName:    "LastName",
	addressbook.FieldCompanyName: "CompanyName",
	addressbook.FieldEmail:       "Email",
	addressbook.FieldTag:         "Tag",
	addressbook.FieldCustomField: "CustomField",
	addressbook.FieldName:        "Name",
	upload.FieldListName:         "ListName",
	upload.FieldType:             "type",
	upload.FieldFile:             "FileName",
	upload.FieldColumns:          "columns",

	// These are known to the wire alone.
	"contacts":           "Contacts",
	"lists":              "Lists",
	"contact_references": "ContactReferences",
	"sid":                "Sid",
	"contact_sid":        "ContactSid",
	"client_ref":         "ClientRef",
	"custom":             "CustomField",
}

// fieldWords are the platform's sentences for faults that are about a field.
var fieldWords = fault.Words{
	fault.Value:       {"": "{field} is mandatory"},
	fault.Shorter:     {"": "Maximum allowed length for {field} is {max}"},
	fault.NoNUL:       {"": "Invalid {field}: the NUL character is not allowed"},
	fault.UTF8:        {"": "Invalid {field}: not valid UTF-8"},
	fault.PhoneNumber: {"": "Invalid {field}"},
	fault.Unique: {
		"":                    "A contact with this {field} already exists",
		addressbook.FieldName: "A list with this {field} already exists",
	},
	fault.Other: {"": "Invalid {field}: {why}"},
}.Titled(titles)

// Words returns the sentence by which the wire describes err.
func Words(err error) string {
	_, detail, _ := describe(err)
	return detail
}
