package phone

import (
	"unicode"
	"unicode/utf8"
)

// The classes of characters that are not digits. They are greater than any
// digit's value.
const (
	isPunctuation = 10 + iota // blanks and marks between the digits of one number
	isSlash                   // like isPunctuation, or between two numbers
	isInvisible               // invisible characters
	isPlus
	isSeparator // between two numbers, never within one
	isLetter
	isForeign // anything else
)

// asciiClasses has the value of each digit of ASCII, and the class of each other
// character.
var asciiClasses = func() (classes [utf8.RuneSelf]byte) {
	for c := range classes {
		switch r := rune(c); {
		case '0' <= r && r <= '9':
			classes[c] = byte(r - '0')
		case unicode.IsLetter(r):
			classes[c] = isLetter
		default:
			classes[c] = isForeign
		}
	}
	for class, characters := range map[byte]string{
		isPunctuation: " \t-.()[]~", isSlash: "/", isPlus: "+", isSeparator: ",;|\n\v\f\r",
	} {
		for _, c := range []byte(characters) {
			classes[c] = class
		}
	}
	return classes
}()

// classify returns the value of a digit of any script, or the class of any other
// character. Invalid UTF-8 is decoded as U+FFFD, which is foreign.
func classify(r rune) byte {
	if r < utf8.RuneSelf {
		return asciiClasses[r]
	}
	if v := digitValue(r); v != isForeign {
		return v
	}
	switch r {
	case 0xFF0B: // full-width plus
		return isPlus
	case 0x2044, 0x2215, 0xFF0F: // fraction slash, division slash, full-width slash
		return isSlash
	case 0x0085, 0x2028, 0x2029, // line ends
		0x060C, 0x3001, 0xFE50, 0xFF0C, // commas
		0x061B, 0xFE54, 0xFF1B, 0xFF5C: // semicolons, full-width bar
		return isSeparator
	case 0x00B7, 0xFF0E, // middle dot, full-width full stop
		0x2043, 0x2212, // hyphen bullet, minus
		0x2053, 0x223C, 0xFF5E, // tildes
		0xFF08, 0xFF09, 0xFF3B, 0xFF3D, // full-width brackets
		0x2800: // Braille blank
		return isPunctuation
	}
	switch {
	case unicode.Is(defaultIgnorable, r):
		return isInvisible
	case unicode.Is(unicode.Zs, r), unicode.Is(unicode.Pd, r):
		return isPunctuation
	case unicode.IsLetter(r), unicode.IsMark(r):
		return isLetter
	}
	return isForeign
}

// defaultIgnorable are the characters that programs do not display: the property
// Default_Ignorable_Code_Point of DerivedCoreProperties.txt in the Unicode Character
// Database. Numbers copied from a page, a chat or a document often contain some.
var defaultIgnorable = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00AD, Hi: 0x00AD, Stride: 1},
		{Lo: 0x034F, Hi: 0x034F, Stride: 1},
		{Lo: 0x061C, Hi: 0x061C, Stride: 1},
		{Lo: 0x115F, Hi: 0x1160, Stride: 1},
		{Lo: 0x17B4, Hi: 0x17B5, Stride: 1},
		{Lo: 0x180B, Hi: 0x180F, Stride: 1},
		{Lo: 0x200B, Hi: 0x200F, Stride: 1},
		{Lo: 0x202A, Hi: 0x202E, Stride: 1},
		{Lo: 0x2060, Hi: 0x206F, Stride: 1},
		{Lo: 0x3164, Hi: 0x3164, Stride: 1},
		{Lo: 0xFE00, Hi: 0xFE0F, Stride: 1},
		{Lo: 0xFEFF, Hi: 0xFEFF, Stride: 1},
		{Lo: 0xFFA0, Hi: 0xFFA0, Stride: 1},
		{Lo: 0xFFF0, Hi: 0xFFF8, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x1BCA0, Hi: 0x1BCA3, Stride: 1},
		{Lo: 0x1D173, Hi: 0x1D17A, Stride: 1},
		{Lo: 0xE0000, Hi: 0xE0FFF, Stride: 1},
	},
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
