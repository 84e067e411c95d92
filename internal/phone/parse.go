package phone

import (
	"cmp"
	"strings"
)

// maxInputBytes bounds the texts that Parse reads, in bytes. It bounds the work on a text
// that is not a number.
const maxInputBytes = 1024

// Parse parses a number in any spelling. It ignores blanks, punctuation, invisible
// characters, and what programs put around a number, such as tel: or ="…". It accepts
// decimal digits of any script, and one plus before them. It accepts a decimal number
// with a zero fraction, or with an exponent that keeps all digits.
//
// With a plus, the number must have the general form of its country, which is a pattern
// of libphonenumber. Without a plus, Parse takes the first of these that applies: a
// number that is valid in the region (with a national or international prefix, with the
// calling code, or with none of them), an international number that is valid with a plus,
// a number of the general form of the region. If a number has its calling code twice and
// is valid with one, Parse removes the other.
//
// Otherwise the error is a [*fault.Error] whose Need says what is wrong;
// [fault.Need.OfNumber] is true for it. Parse does not translate letters to digits or
// drop extensions, and does not read two numbers as one.
func (r *Region) Parse(raw string) (Number, error) {
	if len(raw) > maxInputBytes {
		_, err := r.parseWrapped(raw[:maxInputBytes])
		return 0, cmp.Or(err, errNotWritten)
	}
	var s spelling
	if !endsInZeros(raw) && s.read(raw) {
		if n := r.number(&s); n != 0 {
			return n, nil
		}
	}
	return r.parseWrapped(raw)
}

// endsInZeros reports whether text may be a decimal number with a zero fraction. Its
// zeros would be wrong digits in a telephone number.
func endsInZeros(text string) bool {
	return strings.HasSuffix(text, "0") && strings.HasSuffix(strings.TrimRight(text, "0"), ".")
}

// parseWrapped parses a number with anything besides digits and punctuation, or returns
// the fault of the text.
func (r *Region) parseWrapped(raw string) (Number, error) {
	text := unwrap(raw)
	if n, ok := numeralIn(text); ok {
		if n.rounded() {
			return 0, errRounded
		}
		var s spelling
		if n.integer() && n.spell(&s) {
			if number := r.number(&s); number != 0 {
				return number, nil
			}
			// More zeros may be the last group of a number: 98765.00000.
			if n.exponent > 0 || len(n.fraction) <= 2 {
				return 0, r.explainDigits(&s)
			}
		}
	}
	var s spelling
	if s.read(text) {
		if n := r.number(&s); n != 0 {
			return n, nil
		}
	}
	return 0, r.explain(text)
}

// number returns the number with this spelling, or 0.
func (r *Region) number(s *spelling) Number {
	digits := s.digits()
	n, decided := r.decide(digits, s.plus)
	if !decided {
		n = reference(text(digits), s.plus, r.code)
	}
	if n != 0 && s.breaks != 0 && r.joins(s, n) {
		return 0
	}
	return n
}

// joins reports whether n, spelled by s, is two numbers in a row. That is so if the
// digits before a slash are a valid number. It is also so if n is of another country, the
// digits before another mark are valid in the region, and what follows is a number too or
// very short: 98765 43210 11 would be a number of Iran.
func (r *Region) joins(s *spelling, n Number) bool {
	const short = 3 // digits
	foreign := !s.plus && n.country() != r.country
	if s.slashes == 0 && !foreign {
		return false
	}
	digits := s.digits()
	for at := 1; at < len(digits); at++ {
		if s.breaks>>at&1 == 0 {
			continue
		}
		before, after := digits[:at], digits[at:]
		if s.slashes>>at&1 != 0 && r.valid(before, s.plus) ||
			foreign && r.validLocal(before) && (len(after) <= short || r.valid(after, false)) {
			return true
		}
	}
	return false
}
