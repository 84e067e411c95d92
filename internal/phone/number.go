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
type Number uint64

// maxNumberDigits is the maximum length of a number in E.164, calling code
// included.
const maxNumberDigits = 15

// String returns the number in E.164 format, such as "+919876543210", or "" for
// no number.
func (n Number) String() string {
	var b [maxNumberDigits + 6]byte
	return string(n.AppendTo(b[:0]))
}

// AppendTo appends the result of String to b. It allocates only when b lacks
// capacity.
func (n Number) AppendTo(b []byte) []byte {
	if n == 0 {
		return b
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
