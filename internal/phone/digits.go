package phone

import "strings"

// Digits returns the decimal digits in text as ASCII, with a plus if one precedes them.
// The digits may be of any script, with blanks and the punctuation of numbers between
// them. Ok is false if the text has anything else, or no digit. The digits need not be a
// number; they may be a part of one.
func Digits(text string) (digits string, ok bool) {
	var b strings.Builder
	for _, r := range text {
		switch class := classify(r); {
		case class <= 9:
			b.WriteByte('0' + class)
			ok = true
		case class == isPlus && b.Len() == 0:
			b.WriteByte('+')
		case class != isPunctuation && class != isSlash && class != isInvisible:
			return "", false
		}
	}
	if !ok {
		return "", false
	}
	return b.String(), true
}
