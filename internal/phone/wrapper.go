package phone

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// unwrap returns the number within text: without blanks and what programs put around it,
// and without punctuation after it.
//
// Spreadsheets write ="98…" and an apostrophe to keep a number as text. Meta's lead ads
// write p:, Twilio writes whatsapp:, and RFC 3966 has tel:.
func unwrap(text string) string {
	text = strings.TrimFunc(text, isBlank)
	for {
		rest := strings.TrimPrefix(text, `="`)
		rest = strings.TrimLeft(rest, "'\"`‘’“”")
		for _, scheme := range [...]string{"tel:", "p:", "whatsapp:"} {
			if len(rest) >= len(scheme) && strings.EqualFold(rest[:len(scheme)], scheme) {
				rest = rest[len(scheme):]
			}
		}
		rest = strings.TrimLeftFunc(rest, isBlank)
		if len(rest) == len(text) {
			break
		}
		text = rest
	}
	return strings.TrimRightFunc(text, isTrailing)
}

// isBlank reports whether r is invisible.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || r == 0x2800 || r >= utf8.RuneSelf && unicode.Is(defaultIgnorable, r)
}

// isTrailing reports whether r means nothing after a number. Some punctuation means
// something: keys that are dialled, and signs that belong to a text.
func isTrailing(r rune) bool {
	switch r {
	case '#', '*', '%', '&', '@', '\\':
		return false
	case '|', '`':
		return true
	}
	return isBlank(r) || unicode.IsPunct(r)
}

// numeral is a number as programs write it for calculations, such as 9876543210.0 or
// 9.876543210E9.
type numeral struct {
	whole, fraction string // before and after the decimal point or comma
	exponent        int    // 0 if there is none
}

// numeralIn parses text as a numeral. It returns false if text has neither a fraction nor
// an exponent, or is not a number.
func numeralIn(text string) (n numeral, ok bool) {
	rest := strings.TrimPrefix(text, "+")
	whole := len(text) - len(rest) + leadingDigits(rest)
	if n.whole = text[:whole]; n.whole == "" || n.whole == "+" {
		return n, false
	}
	if rest = text[whole:]; rest != "" && (rest[0] == '.' || rest[0] == ',') {
		n.fraction = rest[1:][:leadingDigits(rest[1:])]
		rest = rest[1+len(n.fraction):]
	}
	if rest == "" {
		return n, n.fraction != ""
	}
	if rest[0] != 'E' && rest[0] != 'e' {
		return n, false
	}
	power := strings.TrimPrefix(rest[1:], "+")
	if power == "" || len(power) > 2 || leadingDigits(power) != len(power) {
		return n, false
	}
	for _, c := range []byte(power) {
		n.exponent = n.exponent*10 + int(c-'0')
	}
	return n, n.exponent > 0
}

// leadingDigits returns how many ASCII digits text begins with.
func leadingDigits(text string) int {
	return len(text) - len(strings.TrimLeft(text, "0123456789"))
}

// integer reports whether the numeral is a whole number with all its digits.
func (n *numeral) integer() bool {
	if n.exponent > 0 {
		return n.exponent == len(n.fraction)
	}
	return strings.Trim(n.fraction, "0") == ""
}

// spell appends the digits of the numeral, which is an integer, to s. It returns false if
// there are too many.
func (n *numeral) spell(s *spelling) bool {
	return s.read(n.whole) && (n.exponent == 0 || s.read(n.fraction))
}

// rounded reports whether the numeral lacks digits, because a program has rounded it:
// 9.19877E+11 was a number of twelve digits.
func (n *numeral) rounded() bool { return n.exponent > len(n.fraction) }
