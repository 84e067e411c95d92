package phone

import (
	"strconv"
	"strings"

	"callbook/internal/fault"
)

// Field is the field of every fault of this package about a number.
const Field fault.Field = "number"

// The faults of this package are allocated once, so that a file of bad numbers
// costs no memory.
var (
	errNotWritten error = fault.NotNumber(Field, fault.PhoneNumber, "")
	errNotE164    error = fault.NotNumber(Field, fault.E164, "")
	errLetters    error = fault.NotNumber(Field, fault.NoLetters, "")
	errExtension  error = fault.NotNumber(Field, fault.NoExtension, "")
	errSeveral    error = fault.NotNumber(Field, fault.OneNumber, "")
	errRounded    error = fault.NotNumber(Field, fault.AllDigits, "")
	errNoCountry  error = fault.NotNumber(Field, fault.CallingCode, "")
)

// faults are the faults of a number whose country is known.
type faults struct{ short, long, unknown error }

// newFaults returns the faults of a region with this calling code. The region's code is
// "" or [nonGeographic] if the calling code belongs to no country.
func newFaults(code string, callingCode int) faults {
	country := "+" + strconv.Itoa(callingCode)
	if code != "" && code != nonGeographic {
		country = RegionName(code) + " (" + country + ")"
	}
	return faults{
		short:   fault.NotNumber(Field, fault.MoreDigits, country),
		long:    fault.NotNumber(Field, fault.FewerDigits, country),
		unknown: fault.NotNumber(Field, fault.Existing, country),
	}
}

// explain returns the fault of a text that is not a number, after unwrap.
func (r *Region) explain(text string) error {
	var s spelling
	clean := s.read(text)
	switch {
	case hasExtension(text):
		return errExtension
	case strings.ContainsFunc(text, letter):
		return errLetters
	case isSeveral(text):
		return errSeveral
	case s.count == 0, !clean && s.count < maxInputDigits:
		return errNotWritten
	}
	return r.explainDigits(&s)
}

// explainDigits returns the fault of digits that are not a number.
func (r *Region) explainDigits(s *spelling) error {
	digits := s.digits()
	for at := 1; at < len(digits); at++ {
		if s.breaks>>at&1 != 0 && r.valid(digits[:at], s.plus) && (s.slashes>>at&1 != 0 || r.valid(digits[at:], false)) {
			return errSeveral
		}
	}
	if s.plus {
		return r.plans.explain(digits)
	}
	found, _ := r.local(digits)
	switch found.country {
	case nil:
		if rest := r.behindIDD(digits); rest != nil {
			return r.plans.explain(rest)
		}
		return r.country.explain(digits, &r.faults)
	case r.country:
		return r.country.explain(found.national, &r.faults)
	}
	return found.country.explain(found.national, &found.country.faults)
}

// explain returns the fault of digits after a plus that are not a number.
func (d *directory) explain(digits []byte) error {
	var padded [maxInputDigits + 2]byte // zeros follow the digits, because split needs at least three
	copy(padded[:], digits)
	c, _ := d.split(padded[:])
	if c == nil || len(c.digits) > len(digits) {
		return errNoCountry
	}
	return c.explain(digits[len(c.digits):], &c.faults)
}

// explain returns the fault of a national number that the country does not have. It is
// too short if more digits could make it a number, and too long if its first digits are a
// number.
func (c *country) explain(national []byte, f *faults) error {
	p := c.main
	switch {
	case len(national) > maxNationalDigits || p.tooLong>>len(national)&1 != 0 || len(c.digits)+len(national) > maxNumberDigits:
		return f.long
	case p.possible&(1<<(len(national)+1)-1) == 0:
		return f.short
	case p.general == nil:
		return f.unknown
	}
	s := uint16(start)
	for i, v := range national {
		if s = p.general.next[s][v]; s == dead {
			return f.unknown
		}
		if p.general.accept[s] != 0 && p.possible>>(i+1)&1 != 0 && i+1 < len(national) {
			return f.long
		}
	}
	if p.general.accept[s] != 0 {
		return f.unknown // parsing it again would return another number
	}
	return f.short
}

// hasExtension reports whether text ends in an extension: digits after "ext", "x"
// or "#".
func hasExtension(text string) bool {
	at := strings.IndexFunc(text, func(c rune) bool { return c == '#' || letter(c) })
	if at <= 0 {
		return false
	}
	for _, word := range [...]string{"extension", "extn", "ext", "x", "#"} {
		if rest := text[at:]; len(rest) > len(word) && strings.EqualFold(rest[:len(word)], word) {
			rest = strings.TrimLeft(rest[len(word):], " .:=-")
			return rest != "" && leadingDigits(rest) == len(rest)
		}
	}
	return false
}
