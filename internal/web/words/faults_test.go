package words

import (
	"slices"
	"strings"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
)

// TestWordsForAll goes over every need of every field.
func TestWordsForAll(t *testing.T) {
	t.Parallel()
	for _, field := range slices.Concat(addressbook.Fields(), upload.Fields(), []fault.Field{account.FieldKeyName, account.FieldKeyLifetime}) {
		for need := fault.Value; need < fault.EndOfNeeds; need++ {
			got := Sentence(&fault.Error{Field: field, Need: need, Max: 777, Detail: "why", Country: "India"})
			if !strings.HasSuffix(got, ".") || strings.ContainsAny(got, "{}") || strings.Contains(got, "777") != (need == fault.Shorter) ||
				strings.Contains(got, "India") != (need == fault.MoreDigits || need == fault.FewerDigits || need == fault.Existing) {
				t.Errorf("need %d of %q is %q", need, field, got)
			}
		}
	}
}

// TestSentences has the sentences to the letter.
func TestSentences(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault error
		want  string
	}{
		{fault.Mandatory(addressbook.FieldNumber), "Enter the contact's number."},
		{fault.Taken(addressbook.FieldNumber), "Another contact has this number."},
		{fault.TooLong(addressbook.FieldTag, 255), "This is too long: it can have 255 characters."},
		{fault.TooLong(addressbook.FieldCustomField, 16384), "This is too long: it can have 16384 bytes."},
		{fault.TooLong(addressbook.FieldSearch, 16), "A search has at most 16 words."},
		{fault.HasNUL(addressbook.FieldName), "This cannot be kept: the NUL character is not allowed."},
		{fault.NotUTF8(addressbook.FieldCustomField), "This cannot be kept: not valid UTF-8."},
		{fault.Mandatory(addressbook.FieldName), "Enter the list's name."},
		{fault.Taken(addressbook.FieldName), "Another list has this name."},
		{fault.TooLong(upload.FieldListName, 255), "The list's name is too long: it can have 255 characters."},
		{fault.HasNUL(upload.FieldListName), "This cannot be kept: the NUL character is not allowed."},
		{fault.NotUTF8(upload.FieldListName), "This cannot be kept: not valid UTF-8."},
		{fault.InvalidField(upload.FieldFile, "the file is empty"), "The file is empty."},
		{fault.InvalidField(upload.FieldColumns, "not valid UTF-8"), "The columns cannot be read so: not valid UTF-8."},
		{fault.InvalidField(account.FieldKeyName, "too long"), "A name is one line of at most 255 characters."},
		{upload.ErrOtherType(addressbook.Static), "The list is there already, and it is of the other kind."},
		{fault.New(fault.Unavailable, "The store does not answer"), "The store does not answer."},
	} {
		if got := Sentence(fault.As(tt.fault)); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
