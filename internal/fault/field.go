package fault

import (
	"maps"
	"strconv"
	"strings"
)

// Field names the part of a request that a fault is about, such as
// "first_name". The package whose rule it is declares the constant.
type Field string

// Need says what a field needs and did not get.
type Need uint8

// The needs. The zero Need belongs to a fault that is about no field.
const (
	Value   Need = iota + 1 // a value: the field is mandatory
	Shorter                 // a value within [Error.Max]
	NoNUL                   // a text without the NUL character
	UTF8                    // valid UTF-8
	Unique                  // a value that nothing else has
	Other                   // what [Error.Detail] says

	// The needs of a value that is no telephone number, one for each kind of
	// mistake. [Need.OfNumber] is true for these.
	PhoneNumber // digits, and only such marks between them as numbers have
	E164        // E.164, where no other spelling is accepted
	NoLetters   // no letters
	NoExtension // no extension behind the number
	OneNumber   // one number, and not several
	AllDigits   // the digits that a spreadsheet has rounded away
	CallingCode // a calling code that exists
	MoreDigits  // more digits, as the numbers of [Error.Country] have
	FewerDigits // fewer digits, as the numbers of [Error.Country] have
	Existing    // the form of the numbers that exist in [Error.Country]

	EndOfNeeds // one more than the last
)

// OfNumber reports whether the need is that of a value that is no telephone
// number.
func (n Need) OfNumber() bool { return PhoneNumber <= n && n <= Existing }

// Mandatory returns the fault of a field that has no value.
func Mandatory(field Field) *Error { return &Error{Kind: Missing, Field: field, Need: Value} }

// TooLong returns the fault of a field whose value is longer than limit, or has
// more items.
func TooLong(field Field, limit int) *Error {
	return &Error{Kind: Invalid, Field: field, Need: Shorter, Max: limit}
}

// HasNUL returns the fault of a text with a NUL character.
func HasNUL(field Field) *Error { return &Error{Kind: Invalid, Field: field, Need: NoNUL} }

// NotUTF8 returns the fault of a text that is not valid UTF-8.
func NotUTF8(field Field) *Error { return &Error{Kind: Invalid, Field: field, Need: UTF8} }

// NotNumber returns the fault of a value that is no telephone number. The need
// says why, and the country, such as "India (+91)", for which country that holds.
// The country is "" for the needs that are not about one.
func NotNumber(field Field, need Need, country string) *Error {
	return &Error{Kind: Invalid, Field: field, Need: need, Country: country}
}

// Taken returns the fault of a value that something else has already.
func Taken(field Field) *Error { return &Error{Kind: Duplicate, Field: field, Need: Unique} }

// InvalidField returns the fault of a field whose value is wrong in a way of its
// own. Why completes the sentence "this is wrong: ".
func InvalidField(field Field, why string) *Error {
	return &Error{Kind: Invalid, Field: field, Need: Other, Detail: why}
}

// About returns a copy of the fault that is about another field: the one under
// which the caller gave the value.
func (e *Error) About(field Field) *Error {
	about := *e
	about.Field = field
	return &about
}

// Words is a front door's table of sentences for faults that are about a field.
// Those under the Field "" are for every field that has none of its own. A
// sentence for [Shorter] may hold {max}, which stands for [Error.Max], one for
// [Other] {why}, which stands for [Error.Detail], and one for a need of numbers
// {country}, which stands for [Error.Country].
type Words map[Need]map[Field]string

// Titled returns the table with sentences for each field that has a title, which
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

// Of returns the sentence for a fault. The Detail of one that is about no field
// is its sentence already.
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
