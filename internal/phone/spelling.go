package phone

import "unicode/utf8"

// maxInputDigits exceeds the longest number with its longest international,
// carrier and national prefixes.
const maxInputDigits = 32

// spelling has the digits of a text, and where punctuation separates them.
type spelling struct {
	buf   [maxInputDigits]byte
	count int
	plus  bool // whether a plus precedes the digits
	// breaks and slashes are bit sets of indexes of digits. breaks has the digits after
	// punctuation, and slashes those after a slash.
	breaks, slashes uint64
}

// digits returns the values of the digits, 0 to 9.
func (s *spelling) digits() []byte { return s.buf[:s.count] }

// read appends the digits of text. It returns false if text has anything but digits, the
// punctuation of numbers and a plus before the first digit, or if it has too many digits.
func (s *spelling) read(text string) bool {
	for i := 0; i < len(text); {
		var class byte
		if c := text[i]; c < utf8.RuneSelf {
			class = asciiClasses[c]
			i++
		} else {
			r, size := utf8.DecodeRuneInString(text[i:])
			class = classify(r)
			i += size
		}
		switch {
		case class <= 9:
			if s.count == len(s.buf) {
				return false
			}
			s.buf[s.count] = class
			s.count++
		case class == isPunctuation:
			s.breaks |= 1 << s.count
		case class == isSlash:
			s.breaks |= 1 << s.count
			s.slashes |= 1 << s.count
		case class == isInvisible:
		case class == isPlus && !s.plus && s.count == 0:
			s.plus = true
		default:
			return false
		}
	}
	return true
}
