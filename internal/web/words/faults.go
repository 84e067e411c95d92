// Package words has the words of pages for numbers and sizes, countries, states, and
// faults in forms.
package words

import (
	"cmp"
	"unicode"
	"unicode/utf8"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/prompt"
	"callbook/internal/upload"
)

// Faults are the sentences beside the fields of forms.
var Faults = fault.Words{
	fault.Value: {
		"":                      "Fill this in.",
		addressbook.FieldNumber: "Enter the contact's number.",
		addressbook.FieldName:   "Enter the list's name.",
		upload.FieldListName:    "Say which list the contacts go into.",
		upload.FieldFile:        "Choose a file.",
		prompt.FieldFile:        "Choose a file.",
		prompt.FieldName:        "Give the recording a name.",
	},
	fault.Shorter: {
		"":                           "This is too long: it can have {max} characters.",
		addressbook.FieldCustomField: "This is too long: it can have {max} bytes.",
		addressbook.FieldSearch:      "A search has at most {max} words.",
		upload.FieldListName:         "The list's name is too long: it can have {max} characters.",
	},
	fault.NoNUL: {
		"": "This cannot be kept: the NUL character is not allowed.",
	},
	fault.UTF8: {
		"": "This cannot be kept: not valid UTF-8.",
	},
	fault.Unique: {
		"":                      "This is taken already.",
		addressbook.FieldNumber: "Another contact has this number.",
		addressbook.FieldName:   "Another list has this name.",
		prompt.FieldName:        "Another recording has this name.",
	},
	fault.Other: {
		"":                   "This cannot be kept: {why}.",
		account.FieldKeyName: "A name is one line of at most 255 characters.",
		upload.FieldType:     "The list is there already, and it is of the other kind.",
		upload.FieldFile:     "{why}.",
		prompt.FieldFile:     "{why}.",
		prompt.FieldName:     "{why}.",
		upload.FieldColumns:  "The columns cannot be read so: {why}.",
	},

	fault.PhoneNumber: {"": "This is not written as a telephone number."},
	fault.E164:        {"": "Write the number in E.164 format, as +919876543210."},
	fault.NoLetters:   {"": "A telephone number has no letters."},
	fault.NoExtension: {"": "An extension cannot be kept with the number."},
	fault.OneNumber:   {"": "These are several numbers, and a contact has one."},
	fault.AllDigits:   {"": "A spreadsheet has rounded the last digits of this number away."},
	fault.CallingCode: {"": "No country has this calling code."},
	fault.MoreDigits:  {"": "This is too short for {country}." + otherCountry},
	fault.FewerDigits: {"": "This is too long for {country}." + otherCountry},
	fault.Existing:    {"": "This is not a number that exists in {country}." + otherCountry},
}

const otherCountry = " Write a number of another country with its code, as +44 20 7946 0123."

// numberWords are the shorter sentences about numbers in tables, and about a number while
// somebody types it.
var numberWords = fault.Words{
	fault.Value:       {"": "No number"},
	fault.PhoneNumber: {"": "Not written as a telephone number"},
	fault.E164:        {"": "Not in E.164 format"},
	fault.NoLetters:   {"": "It has letters"},
	fault.NoExtension: {"": "It has an extension"},
	fault.OneNumber:   {"": "It has several numbers"},
	fault.AllDigits:   {"": "A spreadsheet has rounded its last digits away"},
	fault.CallingCode: {"": "No country has its calling code"},
	fault.MoreDigits:  {"": "Too short for {country}"},
	fault.FewerDigits: {"": "Too long for {country}"},
	fault.Existing:    {"": "Not a number that exists in {country}"},
}

// textWords are the sentences about other fields of a contact in tables.
var textWords = fault.Words{
	fault.Shorter: {
		"":                           "{field} has more than {max} characters",
		addressbook.FieldCustomField: "The custom fields have more than {max} bytes",
	},
	fault.NoNUL: {"": "{field} has a character that cannot be kept"},
	fault.UTF8:  {"": "{field} has characters that cannot be read"},
	fault.Other: {"": "", addressbook.FieldCustomField: "Its custom fields cannot be read: {why}"},
}.Titled(func() map[fault.Field]string {
	labels := make(map[fault.Field]string)
	for _, text := range addressbook.TextFields {
		labels[text.Key] = text.Label
	}
	return labels
}())

// Sentence returns the sentence of a form about a fault.
func Sentence(f *fault.Error) string {
	text := Faults.Of(f)
	if f.Need == 0 {
		text += "."
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// Reason returns the sentence of a page about a failed row of a file. It is the reason in
// the file of errors, unless the page has its own words for the fault. The fault may be
// nil.
func Reason(f *fault.Error, reason string) string {
	switch {
	case f == nil:
		return reason
	case f.Field == addressbook.FieldNumber:
		return cmp.Or(numberWords.Of(f), reason)
	}
	return cmp.Or(textWords.Of(f), reason)
}
