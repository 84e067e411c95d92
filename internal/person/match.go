package person

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// Matcher finds a person in texts: by the number in any spelling that the account's
// numbers may have, and by the sids of the person's contacts.
type Matcher struct {
	Number phone.Number
	// Mark stands for the number where it was erased but still has to be recognized.
	Mark   phone.Number
	region *phone.Region
	digits string // of the number
	sids   []string
}

// NewMatcher returns the matcher for a number and its mark. Region is that of the account.
func NewMatcher(n, mark phone.Number, region *phone.Region) *Matcher {
	return &Matcher{Number: n, Mark: mark, region: region, digits: strings.TrimPrefix(n.String(), "+")}
}

// Note makes a contact's sid stand for the person too.
func (m *Matcher) Note(contact addressbook.SID) {
	if text := contact.String(); !slices.Contains(m.sids, text) {
		m.sids = append(m.sids, text)
	}
}

// Holds reports whether a text has the number, or the sid of a noted contact.
func (m *Matcher) Holds(text string) bool {
	for _, sid := range m.sids {
		if strings.Contains(text, sid) {
			return true
		}
	}
	return m.spelled(text)
}

const (
	// tailDigits is how many of the last digits every spelling of a number has.
	tailDigits = 6
	// maxSpelled bounds the digits of a spelling: those of a number, and its prefixes.
	maxSpelled = 20
	// maxBetween is how many characters other than digits stand between two digits at most.
	maxBetween = 4
)

// run is the digits of a text that may belong to one number.
type run struct {
	digits  []byte
	from    []int // where each digit begins
	to      int   // where the last digit ends
	between int   // characters since the last digit
}

func (r *run) reset() { r.digits, r.from, r.between = r.digits[:0], r.from[:0], 0 }

// spelled reports whether a part of the text is a spelling of the number.
func (m *Matcher) spelled(text string) bool {
	tail := m.digits[max(0, len(m.digits)-tailDigits):]
	var r run
	for at := 0; at < len(text); {
		c, size := rune(text[at]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRuneInString(text[at:])
		}
		switch digit, ok := digitOf(c); {
		case ok:
			r.digits, r.from, r.to, r.between = append(r.digits, digit), append(r.from, at), at+size, 0
		case unicode.IsLetter(c) && c != 'E' && c != 'e':
			if m.ends(text, &r, tail) {
				return true
			}
			r.reset()
		default:
			if r.between == 0 && m.ends(text, &r, tail) {
				return true
			}
			if r.between++; r.between > maxBetween {
				r.reset()
			}
		}
		at += size
	}
	return r.between == 0 && m.ends(text, &r, tail)
}

// digitOf returns a decimal digit of any script in ASCII.
func digitOf(c rune) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return byte(c), true
	case c < utf8.RuneSelf || !unicode.IsDigit(c):
		return 0, false
	}
	digits, ok := phone.Digits(string(c))
	if !ok {
		return 0, false
	}
	return digits[0], true
}

// ends reports whether the number is spelled by the last digits of a run. It tries each
// beginning of a group of digits.
func (m *Matcher) ends(text string, r *run, tail string) bool {
	if !strings.HasSuffix(string(r.digits), tail) {
		return false
	}
	for i := max(0, len(r.digits)-maxSpelled); i <= len(r.digits)-len(tail); i++ {
		from := r.from[i]
		if i > 0 {
			if _, glued := digitOf(lastRune(text[:from])); glued {
				continue
			}
		}
		if string(r.digits[i:]) == m.digits || m.is(text[from:r.to]) {
			return true
		}
		if plus := lastRune(text[:from]); plus == '+' || plus == '\uff0b' {
			if m.is("+" + text[from:r.to]) {
				return true
			}
		}
	}
	return false
}

func lastRune(text string) rune {
	c, _ := utf8.DecodeLastRuneInString(text)
	return c
}

// is reports whether a text is the number.
func (m *Matcher) is(text string) bool {
	n, err := m.region.Parse(text)
	return err == nil && n == m.Number
}
