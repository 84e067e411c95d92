package api

import (
	"slices"
	"strings"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/upload"
)

// TestWordsForAll goes over every kind, and over every need of every field.
func TestWordsForAll(t *testing.T) {
	t.Parallel()
	for kind := fault.NotFound; kind < fault.EndOfKinds; kind++ {
		w, ok := wireFaults[kind]
		if kind == fault.Changed && !ok {
			continue // no request to the API sets IfUpdated
		}
		if w.status < 400 || w.code == 0 || w.message == "" {
			t.Errorf("kind %d is %+v on the wire", kind, w)
		}
	}
	fields := slices.Concat(addressbook.Fields(), upload.Fields(), campaign.Fields(),
		[]fault.Field{newContacts.key, newLists.key, contactReferences.key, newSuppressions.key, fieldCampaigns,
			library.FieldName, library.FieldTitle, fieldFlow, fieldStart, fieldSteps})
	for _, f := range slices.Concat(contactFields[:], listFields[:], referenceFields[:], suppressionFields[:]) {
		fields = append(fields, f.name)
	}
	for _, field := range fields {
		if titles[field] == "" {
			t.Errorf("%q has no title", field)
		}
		for need := fault.Value; need < fault.EndOfNeeds; need++ {
			got := Words(&fault.Error{Kind: fault.Invalid, Field: field, Need: need, Max: 777, Detail: "why", Country: "India"})
			if !strings.Contains(got, titles[field]) || strings.ContainsAny(got, "{}") ||
				strings.Contains(got, "777") != (need == fault.Shorter) || strings.Contains(got, "why") != (need == fault.Other) ||
				strings.Contains(got, "India") != (need == fault.MoreDigits || need == fault.FewerDigits || need == fault.Existing) {
				t.Errorf("need %d of %q is %q", need, field, got)
			}
		}
	}
}

// TestWords has the sentences to the letter.
func TestWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault error
		want  string
	}{
		{fault.Mandatory(addressbook.FieldNumber), "Number is mandatory"},
		{fault.Mandatory(addressbook.FieldName), "Name is mandatory"},
		{fault.NotNumber(addressbook.FieldNumber, fault.PhoneNumber, ""), "Invalid Number: not written as a telephone number"},
		{fault.NotNumber(addressbook.FieldNumber, fault.E164, ""), "Invalid Number: not in E.164 format, as +919876543210"},
		{fault.NotNumber(addressbook.FieldNumber, fault.NoLetters, ""), "Invalid Number: it has letters"},
		{fault.NotNumber(addressbook.FieldNumber, fault.NoExtension, ""), "Invalid Number: it has an extension"},
		{fault.NotNumber(addressbook.FieldNumber, fault.OneNumber, ""), "Invalid Number: it has several numbers"},
		{fault.NotNumber(addressbook.FieldNumber, fault.AllDigits, ""), "Invalid Number: a spreadsheet has rounded its last digits away"},
		{fault.NotNumber(addressbook.FieldNumber, fault.CallingCode, ""), "Invalid Number: no country has its calling code"},
		{fault.NotNumber(addressbook.FieldNumber, fault.MoreDigits, "India (+91)"), "Invalid Number: too short for India (+91)"},
		{fault.NotNumber(addressbook.FieldNumber, fault.FewerDigits, "India (+91)"), "Invalid Number: too long for India (+91)"},
		{fault.NotNumber(addressbook.FieldNumber, fault.Existing, "+800"), "Invalid Number: not a number that exists in +800"},
		{fault.TooLong("first_name", 255), "Maximum allowed length for FirstName is 255"},
		{fault.TooLong(addressbook.FieldCustomField, 16384), "Maximum allowed length for CustomField is 16384"},
		{fault.TooLong(newContacts.key, 5000), "Maximum allowed length for Contacts is 5000"},
		{fault.TooLong(addressbook.FieldSearch, 16), "Invalid q: a search has at most 16 words"},
		{fault.HasNUL("last_name"), "Invalid LastName: the NUL character is not allowed"},
		{fault.NotUTF8("company_name"), "Invalid CompanyName: not valid UTF-8"},
		{fault.NotUTF8("email"), "Invalid Email: not valid UTF-8"},
		{fault.HasNUL(addressbook.FieldTag), "Invalid Tag: the NUL character is not allowed"},
		{fault.Taken(addressbook.FieldNumber), "A contact with this Number already exists"},
		{fault.Taken(addressbook.FieldName), "A list with this Name already exists"},
		{fault.InvalidField(upload.FieldFile, "the file is empty"), "Invalid FileName: the file is empty"},
		{upload.ErrOtherType(addressbook.Dynamic), "Invalid type: the list is dynamic"},
		{addressbook.ErrNoContact, "There is no contact with this sid"},
		{addressbook.ErrNoList, "There is no list with this sid"},
	} {
		if got := Words(tt.fault); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
