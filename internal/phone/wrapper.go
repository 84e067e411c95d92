package phone

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// unwrap returns the number within text: without the blanks around it, without
// what programs put around a number, and without punctuation behind it.
//
// Spreadsheets write ="98…" and an apostrophe so that a number stays text,
// Meta's lead ads write p:, Twilio writes whatsapp:, and RFC 3966 has tel:.
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

// isBlank reports whether nobody sees the character.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || r == 0x2800 || r >= utf8.RuneSelf && unicode.Is(defaultIgnorable, r)
}

// isTrailing reports whether the character means nothing behind a number. Some
// punctuation does: keys that are dialled, and signs that belong to a text.
func isTrailing(r rune) bool {
	switch r {
	case '#', '*', '%', '&', '@', '\\':
		return false
	case '|', '`':
		return true
	}
	return isBlank(r) || unicode.IsPunct(r)
}

// numeral is a number as a program writes one to calculate with, such as
// 9876543210.0 or 9.876543210E9.
type numeral struct {
	whole, fraction string // before and behind the decimal point or comma
	exponent        int    // 0 without one
}

// numeralIn reads text as a numeral. It returns false for a text that has
// neither a fraction nor an exponent, or that is none.
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

// integer reports whether the numeral is a whole number, all of whose digits are
// written.
func (n *numeral) integer() bool {
	if n.exponent > 0 {
		return n.exponent == len(n.fraction)
	}
	return strings.Trim(n.fraction, "0") == ""
}

// spell reads the digits of the numeral, which is an integer. It reports whether
// they are not too many.
func (n *numeral) spell(s *spelling) bool {
	return s.read(n.whole) && (n.exponent == 0 || s.read(n.fraction))
}

// rounded reports whether digits are missing, which whoever wrote the numeral
// had no room for: 9.19877E+11 was a number of twelve digits.
func (n *numeral) rounded() bool { return n.exponent > len(n.fraction) }
