package api

import (
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
)

// titles are what the platform's sentences call the fields: "FirstName" for
// first_name, with a few exceptions.
var titles = func() map[fault.Field]string {
	titles := map[fault.Field]string{upload.FieldType: "type", upload.FieldColumns: "columns", "custom": "CustomField"}
	for _, field := range slices.Concat(addressbook.Fields(), []fault.Field{
		upload.FieldListName, upload.FieldFile,
		// These are known to the wire alone.
		"contacts", "lists", "contact_references", "sid", "contact_sid", "client_ref",
	}) {
		for word := range strings.SplitSeq(string(field), "_") {
			titles[field] += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return titles
}()

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
