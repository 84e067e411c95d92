package phone

import "strings"

// Digits returns the decimal digits in text as ASCII, behind a plus if one comes
// before them. The digits may be of any script, with blanks and the punctuation of
// numbers between them. Ok is false if the text has anything else, or no digit.
// Digits makes no number of them: they may be a part of one.
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
