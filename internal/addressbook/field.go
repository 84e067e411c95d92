package addressbook

import (
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// The fields of contacts and lists that faults are about.
const (
	FieldNumber      = phone.Field
	FieldFirstName   = fault.Field("first_name")
	FieldLastName    = fault.Field("last_name")
	FieldCompanyName = fault.Field("company_name")
	FieldEmail       = fault.Field("email")
	FieldTag         = fault.Field("tag") // of a contact or a list
	FieldCustomField = fault.Field("custom_field")
	FieldName        = fault.Field("name") // of a list
)

// textFields are the fields of [Contact.texts], in their order.
var textFields = [...]fault.Field{FieldFirstName, FieldLastName, FieldCompanyName, FieldEmail, FieldTag}

// texts returns where the contact has its texts.
func (c *Contact) texts() [len(textFields)]*Text {
	return [...]*Text{&c.FirstName, &c.LastName, &c.CompanyName, &c.Email, &c.Tag}
}

// Fields returns all fields that faults of this package are about. A test of a
// table of words goes over them.
func Fields() []fault.Field {
	return append(textFields[:], FieldNumber, FieldCustomField, FieldName)
}
