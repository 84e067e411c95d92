package fault

import (
	"maps"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Field names the part of a request that a fault is about, such as "first_name". The
// package with the rule declares the constant.
type Field string

// Need is what the value of a field needs to be valid.
type Need uint8

// The needs. A fault that is not about a field has the zero Need.
const (
	Value   Need = iota + 1 // a value: the field is mandatory
	Shorter                 // a value within [Error.Max]
	NoNUL                   // a text without the NUL character
	UTF8                    // valid UTF-8
	Unique                  // a value that is not in use
	Other                   // what [Error.Detail] says

	// The needs of a telephone number, for which [Need.OfNumber] is true. Each is for one
	// kind of mistake.
	PhoneNumber // only digits and the usual marks between them
	E164        // E.164, if no other spelling is accepted
	NoLetters   // no letters
	NoExtension // no extension after the number
	OneNumber   // a single number
	AllDigits   // the digits that a spreadsheet has rounded away
	CallingCode // a calling code that exists
	MoreDigits  // more digits, like the numbers of [Error.Country]
	FewerDigits // fewer digits, like the numbers of [Error.Country]
	Existing    // the form of a number in [Error.Country]

	EndOfNeeds // one more than the last need
)

// OfNumber reports whether n is a need of a telephone number.
func (n Need) OfNumber() bool { return PhoneNumber <= n && n <= Existing }

// Mandatory returns the fault of a mandatory field without a value.
func Mandatory(field Field) *Error { return &Error{Kind: Missing, Field: field, Need: Value} }

// TooLong returns the fault of a field with more than limit characters or items.
func TooLong(field Field, limit int) *Error {
	return &Error{Kind: Invalid, Field: field, Need: Shorter, Max: limit}
}

// HasNUL returns the fault of a text with a NUL character.
func HasNUL(field Field) *Error { return &Error{Kind: Invalid, Field: field, Need: NoNUL} }

// NotUTF8 returns the fault of a text that is not valid UTF-8.
func NotUTF8(field Field) *Error { return &Error{Kind: Invalid, Field: field, Need: UTF8} }

// CheckText returns the fault of a text that has more than limit characters, or that
// databases cannot store, or nil.
func CheckText(field Field, text string, limit int) error {
	switch {
	case len(text) > limit && utf8.RuneCountInString(text) > limit:
		return TooLong(field, limit)
	case strings.IndexByte(text, 0) >= 0:
		return HasNUL(field)
	case !utf8.ValidString(text):
		return NotUTF8(field)
	}
	return nil
}

// NotNumber returns the fault of a value that is not a telephone number. Country is the
// country whose numbers the need describes, such as "India (+91)", or "" for a need
// without a country.
func NotNumber(field Field, need Need, country string) *Error {
	return &Error{Kind: Invalid, Field: field, Need: need, Country: country}
}

// Taken returns the fault of a value that is already in use.
func Taken(field Field) *Error { return &Error{Kind: Duplicate, Field: field, Need: Unique} }

// InvalidField returns the fault of a field that is invalid for a special reason. Why
// completes a sentence such as "Invalid name: ".
func InvalidField(field Field, why string) *Error {
	return &Error{Kind: Invalid, Field: field, Need: Other, Detail: why}
}

// About returns a copy of the fault for another field: the one in which the caller gave
// the value.
func (e *Error) About(field Field) *Error {
	about := *e
	about.Field = field
	return &about
}

// Words has the sentences for faults of fields. The Field "" stands for every field
// without an own sentence. Placeholders are {max} for [Error.Max] with [Shorter], {why}
// for [Error.Detail] with [Other], and {country} for [Error.Country] with the needs of
// numbers.
type Words map[Need]map[Field]string

// Titled returns a table with own sentences for the fields in titles. In these, the title
// replaces {field}.
func (w Words) Titled(titles map[Field]string) Words {
	all := make(Words)
	for need, words := range w {
		all[need] = maps.Clone(words)
		for field, title := range titles {
			all[need][field] = strings.ReplaceAll(w.sentence(need, field), "{field}", title)
		}
	}
	return all
}

// Of returns the sentence for a fault. For a fault that is not about a field, that is its
// Detail.
func (w Words) Of(e *Error) string {
	text := w.sentence(e.Need, e.Field)
	switch e.Need {
	case 0:
		return e.Detail
	case Shorter:
		return strings.ReplaceAll(text, "{max}", strconv.Itoa(e.Max))
	case Other:
		return strings.ReplaceAll(text, "{why}", e.Detail)
	case MoreDigits, FewerDigits, Existing:
		return strings.ReplaceAll(text, "{country}", e.Country)
	}
	return text
}

func (w Words) sentence(need Need, field Field) string {
	if own, ok := w[need][field]; ok {
		return own
	}
	return w[need][""]
}
