package addressbook

import (
	"encoding/binary"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// SearchText returns a text as searches compare it: without regard to case, and
// without the accents of Latin, Greek and Cyrillic letters. The vowel signs of other
// scripts stay, since they are letters there and no accents. Blanks of any kind,
// typographic apostrophes, and hyphens and dashes become those of ASCII. Characters
// that nobody sees, such as a soft hyphen, are left out.
//
// Each character is folded by itself. So the result for two joined texts is the two
// results joined, and a part of a text folds to a part of the folded text. Folding a
// folded text changes nothing. This holds for UTF-8; other bytes stay.
func SearchText(text string) string {
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || asciiSearch[c] != c {
			return string(AppendSearchText(make([]byte, 0, len(text)+utf8.UTFMax), []byte(text)))
		}
	}
	return text
}

// AppendSearchText appends what [SearchText] makes of a text to b.
func AppendSearchText(b, text []byte) []byte {
	for i := 0; i < len(text); {
		if i+8 <= len(text) && binary.LittleEndian.Uint64(text[i:])&(0x80*eachByte) == 0 {
			n := len(b)
			b = append(b, text[i:i+8]...)
			lowerASCII(b[n:])
			if hasBlank(b[n:]) {
				for j, c := range b[n:] {
					b[n+j] = asciiSearch[c]
				}
			}
			i += 8
			continue
		}
		if c := text[i]; c < utf8.RuneSelf {
			b = append(b, asciiSearch[c])
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError || keepsForm(r) {
			b = append(b, text[i:i+size]...)
		} else {
			b = append(b, searchPageOf(r)[byte(r)]...)
		}
		i += size
	}
	return b
}

// hasBlank reports whether any of eight bytes of ASCII is a tab, or an end of a line
// or page.
func hasBlank(text []byte) bool {
	eight := binary.LittleEndian.Uint64(text)
	fromTab, beyondCR := eight+(0x80-'\t')*eachByte, eight+(0x80-'\r'-1)*eachByte
	return fromTab&^beyondCR&(0x80*eachByte) != 0
}

// keepsForm reports whether a character is one of many that are searched for as they
// are: of some widely used scripts without case and accents, or beyond the alphabets.
func keepsForm(r rune) bool {
	const ideographicSpace = 0x3000
	return caseless(r) && r != ideographicSpace || r >= firstKept
}

const firstKept = 0x20000

// asciiSearch is SearchText for each character of ASCII.
var asciiSearch = func() (table [utf8.RuneSelf]byte) {
	for c := range table {
		table[c] = searchRune(rune(c))[0]
	}
	return table
}()

// searchPage is SearchText for each of 256 characters in a row.
type searchPage [256]string

// searchPages are the pages that were needed so far.
var searchPages [firstKept / len(searchPage{})]atomic.Pointer[searchPage]

// searchPageOf returns the page of a character.
func searchPageOf(r rune) *searchPage {
	at := &searchPages[int(r)/len(searchPage{})]
	page := at.Load()
	if page == nil {
		page = new(searchPage)
		for i := range page {
			page[i] = searchRune(r&^0xFF | rune(i))
		}
		at.Store(page) // whoever made the same page meanwhile has the same in it
	}
	return page
}

// searchRune is SearchText for one character.
func searchRune(r rune) string {
	if keepsForm(r) || unicode.Is(unicode.Cherokee, r) && unicode.IsUpper(r) {
		return string(r) // Unicode folds Cherokee to upper case
	}
	// What case folding makes may have an accent of its own, as that of U+01F0 has.
	return plain(cases.Fold().String(plain(string(r))))
}

// plain decomposes a text of one character and its accents, takes those off, and
// replaces what else searches take for something else.
func plain(text string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(text) {
		switch other, ok := searchedAs[r]; {
		case isAccent(r), isUnseen(r):
		case ok:
			b.WriteString(other)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Pd, r):
			b.WriteByte('-')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isAccent reports whether r is a mark that letters of Latin, Greek and Cyrillic have,
// and that no other script needs.
func isAccent(r rune) bool {
	return 0x0300 <= r && r <= 0x036F || // combining diacritical marks
		0x0483 <= r && r <= 0x0489 || // Cyrillic ones
		0x1AB0 <= r && r <= 0x1AFF || 0x1DC0 <= r && r <= 0x1DFF || // more diacritical marks
		0xFE20 <= r && r <= 0xFE2F // their halves
}

// isUnseen reports whether r is an invisible character that copied texts have. Joiners
// are none of them: scripts of India and Persian need them.
func isUnseen(r rune) bool {
	switch {
	case r == 0x00AD, r == 0x200B, r == 0xFEFF, // soft hyphen, zero-width blank, byte order mark
		r == 0x200E, r == 0x200F, 0x202A <= r && r <= 0x202E, 0x2066 <= r && r <= 0x2069, // directions
		r == 0x2060: // word joiner
		return true
	}
	return false
}

// searchedAs has letters whose accent is a part of them in Unicode, so that it does not
// come off by decomposition, ligatures, and the spellings of one punctuation mark.
var searchedAs = map[rune]string{
	'ø': "o", 'Ø': "o", 'ł': "l", 'Ł': "l", 'đ': "d", 'Đ': "d", 'ħ': "h", 'Ħ': "h", 'ŧ': "t", 'Ŧ': "t", 'ı': "i",
	'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'ð': "d", 'Ð': "d", 'þ': "th", 'Þ': "th",
	'\u2018': "'", '\u2019': "'", '\u201B': "'", '\u2032': "'", '\u00B4': "'", '\u02B9': "'", '\u02BB': "'", '\u02BC': "'", '\uFF07': "'",
	'\u2212': "-", '\u2043': "-", // minus, hyphen bullet
}
