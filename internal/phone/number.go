// Package phone turns any spelling of a telephone number into E.164.
//
// The metadata of libphonenumber decides what is a number and which country it
// belongs to. The package compiles that metadata to tables, which decide nearly
// all cases. For the rest it calls the library, and tests compare both.
package phone

import "strconv"

// Number is a telephone number in E.164 (ITU-T E.164, 2010) as an integer: its
// decimal digits are the calling code and the national number, at most 15 in
// all. Since no calling code starts with 0, no two numbers have the same
// integer. Zero means no number.
//
// A Number from [Erased] on stands for a number that was erased. Stores keep it as a
// negative integer.
type Number uint64

// Erased is a number that was erased without a trace. Greater numbers are the marks of
// erased numbers: whoever has the number and the account's secret can make the mark again.
const Erased Number = 1 << 63

// Erased reports whether n stands for a number that was erased.
func (n Number) Erased() bool { return n >= Erased }

// erasedWord is the String of erased numbers.
const erasedWord = "erased"

// maxNumberDigits is the maximum length of a number in E.164, calling code
// included.
const maxNumberDigits = 15

// String returns the number in E.164 format, such as "+919876543210". It returns "" for
// no number, and "erased" for an erased one.
func (n Number) String() string {
	var b [maxNumberDigits + 6]byte
	return string(n.AppendTo(b[:0]))
}

// AppendTo appends the result of String to b. It allocates only when b lacks
// capacity.
func (n Number) AppendTo(b []byte) []byte {
	switch {
	case n == 0:
		return b
	case n.Erased():
		return append(b, erasedWord...)
	}
	return strconv.AppendUint(append(b, '+'), uint64(n), 10)
}

// ParseE164 parses a number in E.164 format: a plus followed by ASCII digits only. The
// number must have the general form of its country, without a national prefix such as the
// (0) of +44 (0)20. Otherwise the error is a [*fault.Error], as for [Region.Parse].
func ParseE164(raw string) (Number, error) {
	if len(raw) < 2 || len(raw) > 1+maxInputDigits || raw[0] != '+' {
		return 0, errNotE164
	}
	var buf [maxInputDigits]byte
	digits := buf[:len(raw)-1]
	var given Number
	for i := range digits {
		v := raw[i+1] - '0'
		if v > 9 {
			return 0, errNotE164
		}
		digits[i] = v
		given = given*10 + Number(v)
	}
	plans := numberingPlans()
	n, decided := plans.withPlus(digits)
	switch {
	case !decided:
		n = reference(text(digits), true, "")
	case n == 0:
		return 0, plans.explain(digits)
	}
	if n == 0 || n != given {
		return 0, errNotE164
	}
	return n, nil
}
