package addressbook

import (
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// TextField is one of the texts that a contact can have. It is the index of the
// field in [TextFields] and in a contact's [Texts].
type TextField int

// The text fields, in the order of answers, files and pages.
const (
	FirstName TextField = iota
	LastName
	CompanyName
	Email
	Tag

	NumTextFields // the number of text fields
)

// TextFields describes the text fields. All code that reads, stores or shows contacts
// loops over it. So a new field needs an entry here, a column in the database of each
// engine, and a property in openapi.yaml.
var TextFields = [NumTextFields]struct {
	// Key is the field's name in JSON, in CSV files, in databases and in faults.
	Key fault.Field
	// Label is the field's name on pages.
	Label string
}{
	FirstName:   {"first_name", "First name"},
	LastName:    {"last_name", "Last name"},
	CompanyName: {"company_name", "Company"},
	Email:       {"email", "E-mail"},
	Tag:         {FieldTag, "Tag"},
}

// The other fields of contacts, lists and queries that faults are about.
const (
	FieldNumber      = phone.Field
	FieldTag         = fault.Field("tag") // of a contact or a list
	FieldCustomField = fault.Field("custom_field")
	FieldName        = fault.Field("name") // of a list
	FieldSearch      = fault.Field("q")    // of a query
)

// TextKeys returns the keys of [TextFields], in their order.
func TextKeys() []string {
	keys := make([]string, NumTextFields)
	for i, f := range TextFields {
		keys[i] = string(f.Key)
	}
	return keys
}

// Fields returns all fields of contacts and lists that faults of this package are about.
func Fields() []fault.Field {
	fields := []fault.Field{FieldNumber, FieldCustomField, FieldName}
	for _, f := range TextFields {
		fields = append(fields, f.Key)
	}
	return fields
}
