// Package phone turns any spelling of a telephone number into E.164.
//
// What is a number, and whose, is decided by libphonenumber's metadata. The
// common cases are read from tables made of that metadata; the few that tables
// cannot settle are asked of the library itself, which stays the judge.
package phone

import (
	"strconv"

	"callbook/internal/fault"
)

// Number is a telephone number in E.164 (ITU-T E.164, 2010), held as the
// integer that its digits spell: country calling code first, no plus, at most
// 15 digits. No calling code starts with 0, so integers and numbers are one to
// one. Zero is no number.
type Number uint64

// maxNumberDigits is the most digits that E.164 allows a number in all.
const maxNumberDigits = 15

// errInvalid is every refusal of a number: it is made once, so that a file of
// bad numbers costs no memory.
var errInvalid error = fault.New(fault.Invalid, "Invalid Number")

// String returns the number as E.164 writes it, such as "+919876543210", and
// "" for no number.
func (n Number) String() string {
	var b [maxNumberDigits + 6]byte
	return string(n.AppendTo(b[:0]))
}

// AppendTo appends what String returns. It allocates only when b has no room.
func (n Number) AppendTo(b []byte) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendUint(append(b, '+'), uint64(n), 10)
}

// ParseE164 reads a number that is E.164 already: a plus and ASCII digits, no
// more; of a length possible for its country, in libphonenumber's metadata;
// and with nothing to leave out, such as the (0) of +44 (0)20. Anything else
// is a [*fault.Error] of kind Invalid with the detail "Invalid Number".
func ParseE164(raw string) (Number, error) {
	if len(raw) < 2 || len(raw) > 1+maxNumberDigits || raw[0] != '+' {
		return 0, errInvalid
	}
	var buf [maxNumberDigits]byte
	digits := buf[:len(raw)-1]
	var given Number
	for i := range digits {
		v := raw[i+1] - '0'
		if v > 9 {
			return 0, errInvalid
		}
		digits[i] = v
		given = given*10 + Number(v)
	}
	n, decided := numberingPlans().withPlus(digits)
	if !decided {
		n = reference(text(digits), true, "")
	}
	if n == 0 || n != given {
		return 0, errInvalid
	}
	return n, nil
}
