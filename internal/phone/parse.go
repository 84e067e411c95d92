package phone

import (
	"cmp"
	"strings"
)

// maxInputBytes is the length of the longest text that is read as a number. It
// bounds the work on a text that is none.
const maxInputBytes = 1024

// Parse reads a number in any spelling. Blanks, punctuation and invisible
// characters are left out, decimal digits of any script are digits, and one plus
// may come before them. What programs put around a number, such as tel: or
// ="…", is left out too. A decimal number whose fraction is zero is that number,
// and so is one with an exponent that keeps all digits.
//
// With a plus, the number must have the general form of its country, which is a
// pattern of libphonenumber. Without a plus, Parse takes the first of these that
// applies: a number that is valid in the region (with a national or
// international prefix, with the calling code, or with none of them), an
// international number that is valid once a plus is put before it, a number of
// the general form of the region. A calling code that stands twice is taken for
// one if that makes a valid number.
//
// Anything else is a [*fault.Error] whose Need says what is wrong: one of those
// for which [fault.Need.OfNumber] is true. Parse does not translate letters to
// digits or drop extensions, and does not read two numbers as one.
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

// endsInZeros reports whether text may be a decimal number whose fraction is
// zero. Read as a telephone number, its zeros would make the number of somebody
// else.
func endsInZeros(text string) bool {
	return strings.HasSuffix(text, "0") && strings.HasSuffix(strings.TrimRight(text, "0"), ".")
}

// parseWrapped reads a number that is not spelled by digits and punctuation
// alone, or tells why there is none.
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

// number returns the number that is spelled so, or 0.
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

// joins reports whether n, which s spells, is two numbers in a row. That is so
// where the digits before a slash are a valid number by themselves. It is also so
// where n is of another country, the digits before another mark are valid in the
// region, and what follows is a number too or very short: 98765 43210 11 would be
// a number of Iran.
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
