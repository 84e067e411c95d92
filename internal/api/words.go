package api

import (
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/prompt"
	"callbook/internal/suppression"
	"callbook/internal/upload"
)

// titles are the names of fields in Exotel's messages: "FirstName" for first_name, with a
// few exceptions.
var titles = func() map[fault.Field]string {
	titles := map[fault.Field]string{upload.FieldType: "type", upload.FieldColumns: "columns", "custom": "CustomField", prompt.FieldName: "Name", prompt.FieldTitle: "Title", prompt.FieldFile: "File"}
	for _, field := range slices.Concat(addressbook.Fields(), campaign.Fields(), []fault.Field{
		fieldCampaigns, suppression.FieldSuppressions, suppression.FieldSource, suppression.FieldNote,
		library.FieldTitle, fieldFlow, fieldStart, fieldSteps,
		upload.FieldListName, upload.FieldFile,
		// These fields exist only on the wire.
		"contacts", "lists", "contact_references", "sid", "contact_sid", "client_ref",
	}) {
		if titles[field] != "" {
			continue
		}
		for word := range strings.SplitSeq(string(field), "_") {
			titles[field] += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return titles
}()

// fieldWords are Exotel's messages for faults of fields.
var fieldWords = fault.Words{
	fault.Value: {"": "{field} is mandatory"},
	fault.Shorter: {
		"":                      "Maximum allowed length for {field} is {max}",
		addressbook.FieldSearch: "Invalid q: a search has at most {max} words",
	},
	fault.NoNUL: {"": "Invalid {field}: the NUL character is not allowed"},
	fault.UTF8:  {"": "Invalid {field}: not valid UTF-8"},
	fault.Unique: {
		"":                    "A contact with this {field} already exists",
		addressbook.FieldName: "A list with this {field} already exists",
		prompt.FieldName:      "A prompt with this {field} already exists",
	},
	fault.Other: {"": "Invalid {field}: {why}"},

	fault.PhoneNumber: {"": "Invalid {field}: not written as a telephone number"},
	fault.E164:        {"": "Invalid {field}: not in E.164 format, as +919876543210"},
	fault.NoLetters:   {"": "Invalid {field}: it has letters"},
	fault.NoExtension: {"": "Invalid {field}: it has an extension"},
	fault.OneNumber:   {"": "Invalid {field}: it has several numbers"},
	fault.AllDigits:   {"": "Invalid {field}: a spreadsheet has rounded its last digits away"},
	fault.CallingCode: {"": "Invalid {field}: no country has its calling code"},
	fault.MoreDigits:  {"": "Invalid {field}: too short for {country}"},
	fault.FewerDigits: {"": "Invalid {field}: too long for {country}"},
	fault.Existing:    {"": "Invalid {field}: not a number that exists in {country}"},
}.Titled(titles)

// Words returns the message by which the API describes err.
func Words(err error) string {
	_, detail, _ := describe(err)
	return detail
}
