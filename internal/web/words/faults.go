// Package words is how pages say things: numbers and sizes, countries, the state of
// imports, and what is wrong with a field of a form.
package words

import (
	"unicode"
	"unicode/utf8"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
)

// Faults are the sentences beside the fields of forms.
var Faults = fault.Words{
	fault.Value: {
		"":                      "Fill this in.",
		addressbook.FieldNumber: "Enter the contact's number.",
		addressbook.FieldName:   "Enter the list's name.",
		upload.FieldListName:    "Say which list the contacts go into.",
		upload.FieldFile:        "Choose a CSV file.",
	},
	fault.Shorter: {
		"":                           "This is too long: it can have {max} characters.",
		addressbook.FieldCustomField: "This is too long: it can have {max} bytes.",
		upload.FieldListName:         "Maximum allowed length for ListName is {max}.",
	},
	fault.NoNUL: {
		"":                   "This cannot be kept: the NUL character is not allowed.",
		upload.FieldListName: "Invalid ListName: the NUL character is not allowed.",
	},
	fault.UTF8: {
		"":                   "This cannot be kept: not valid UTF-8.",
		upload.FieldListName: "Invalid ListName: not valid UTF-8.",
	},
	fault.PhoneNumber: {
		"": "This cannot be a telephone number: its length or its beginning is wrong, or there are letters in it. " +
			"Write a number of another country with its code, as +44 20 7946 0123.",
	},
	fault.Unique: {
		"":                      "Something else has this.",
		addressbook.FieldNumber: "Another contact has this number.",
		addressbook.FieldName:   "Another list has this name.",
	},
	fault.Other: {
		"":                   "This cannot be kept: {why}.",
		account.FieldKeyName: "A name has at most 255 characters.",
		upload.FieldType:     "The list is there already, and it is of the other kind.",
		upload.FieldFile:     "{why}.",
		upload.FieldColumns:  "Invalid columns: {why}.",
	},
}

// Sentence returns what a form says of a fault.
func Sentence(f *fault.Error) string {
	text := Faults.Of(f)
	if f.Need == 0 {
		text += "."
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// Reason returns what a page says of a row of a file that failed: the reason
// as the file of errors has it, unless the page has shorter words for what the
// row needs.
func Reason(need fault.Need, reason string) string {
	switch need {
	case fault.PhoneNumber:
		return "Not a telephone number"
	case fault.Value:
		return "No number"
	}
	return reason
}
