package phone

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxInputDigits exceeds the longest number with its longest international,
	// carrier and national prefixes.
	maxInputDigits = 32
	// maxInputBytes leaves room for every digit in a script of three bytes a
	// digit, and some punctuation.
	maxInputBytes = 128
)

// clean writes the values (0 to 9) of the digits in raw to digits. It returns
// their count and whether a plus precedes them. Besides digits and that plus,
// raw may hold only punctuation that is common in numbers. Otherwise ok is
// false, as it is when raw has no digits, is too long or looks like a decimal
// fraction.
func clean(raw string, digits *[maxInputDigits]byte) (count int, plus, ok bool) {
	if len(raw) > maxInputBytes {
		return 0, false, false
	}
	raw = strings.TrimSpace(raw) // a newline may surround a number; inside one it is invalid
	if isDecimal(raw) {
		return 0, false, false
	}
	for i := 0; i < len(raw); {
		c := raw[i]
		v := c - '0'
		size := 1
		switch {
		case v <= 9:
		case c >= utf8.RuneSelf:
			var r rune
			r, size = utf8.DecodeRuneInString(raw[i:])
			v = classify(r)
		default:
			v = classifyASCII(c)
		}
		i += size
		switch {
		case v <= 9:
			if count == len(digits) {
				return 0, false, false
			}
			digits[count] = v
			count++
		case v == isPunctuation:
		case v == isPlus && !plus && count == 0:
			plus = true
		default:
			return 0, false, false
		}
	}
	return count, plus, count > 0
}

// isDecimal reports whether raw ends in ".0" or ".00", as spreadsheets write a
// number that they have parsed as a decimal. Without this check the point would
// be dropped as punctuation, and the appended zeros would make the phone number
// of somebody else. Points that separate groups of digits do not look like this:
// there are several of them, or the last group is longer.
func isDecimal(raw string) bool {
	whole := strings.TrimSuffix(strings.TrimSuffix(raw, "0"), "0")
	return strings.HasSuffix(whole, ".") && len(whole) < len(raw) && strings.IndexByte(whole, '.') == len(whole)-1
}

// The classes of characters that are not digits. They are greater than any
// digit's value.
const (
	isPunctuation = 10 + iota
	isPlus
	isForeign
)

func classifyASCII(c byte) byte {
	switch c {
	case ' ', '\t', '-', '.', '/', '(', ')', '[', ']', '~':
		return isPunctuation
	case '+':
		return isPlus
	}
	return isForeign
}

// classify returns the value of a digit, or the class of any other character.
// Invalid UTF-8 is decoded as U+FFFD, which is foreign.
func classify(r rune) byte {
	if v := digitValue(r); v != isForeign {
		return v
	}
	switch {
	case r == 0xFF0B: // full-width plus
		return isPlus
	case isFormatting(r), isMark(r), unicode.Is(unicode.Zs, r), unicode.Is(unicode.Pd, r):
		return isPunctuation
	}
	return isForeign
}

// isFormatting reports whether r is one of the invisible characters that are
// often copied along with a number from a page or a chat.
func isFormatting(r rune) bool {
	return r == 0x00AD || // soft hyphen
		r == 0x061C || // Arabic letter mark
		r == 0x180E || // Mongolian vowel separator
		0x200B <= r && r <= 0x200F || // zero-width, left-to-right and right-to-left marks
		0x202A <= r && r <= 0x202E || // bidi embeddings and overrides
		0x2060 <= r && r <= 0x2064 || // word joiner, invisible operators
		0x2066 <= r && r <= 0x2069 || // bidi isolates
		r == 0xFEFF // byte order mark
}

// isMark reports whether r is punctuation of numbers that Unicode classifies
// neither as a space nor as a dash.
func isMark(r rune) bool {
	switch r {
	case 0x00B7, 0xFF0E, // middle dot, full-width full stop
		0x2043, 0x2212, // hyphen bullet, minus
		0x2044, 0x2215, 0xFF0F, // fraction slash, division slash, full-width slash
		0x2053, 0x223C, 0xFF5E, // tildes
		0xFF08, 0xFF09, 0xFF3B, 0xFF3D: // full-width brackets
		return true
	}
	return false
}

// digitValue returns the value of a decimal digit of any script. The ten digits
// of a script are consecutive in Unicode, from zero on, and each range of the
// table starts with a zero.
func digitValue(r rune) byte {
	for _, s := range unicode.Nd.R16 {
		if r <= rune(s.Hi) {
			if r < rune(s.Lo) {
				return isForeign
			}
			return byte((r - rune(s.Lo)) % 10)
		}
	}
	for _, s := range unicode.Nd.R32 {
		if r <= rune(s.Hi) {
			if r < rune(s.Lo) {
				return isForeign
			}
			return byte((r - rune(s.Lo)) % 10)
		}
	}
	return isForeign
}
