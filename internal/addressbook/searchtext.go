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

// SearchText returns text in the form that searches compare: without case, and without
// the accents of Latin, Greek and Cyrillic letters. It keeps the vowel signs of other
// scripts, which are letters. It turns blanks of any kind, typographic apostrophes,
// hyphens and dashes into those of ASCII, and removes invisible characters such as the
// soft hyphen.
//
// SearchText folds each character by itself. So it maps joined texts to joined results,
// and parts of a text to parts of the result. It is idempotent. It keeps bytes that are
// not UTF-8.
func SearchText(text string) string {
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || asciiSearch[c] != c {
			return string(AppendSearchText(make([]byte, 0, len(text)+utf8.UTFMax), []byte(text)))
		}
	}
	return text
}

// AppendSearchText appends the [SearchText] of text to b.
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

// hasBlank reports whether any of eight ASCII bytes is a tab, or the end of a line or a
// page.
func hasBlank(text []byte) bool {
	eight := binary.LittleEndian.Uint64(text)
	fromTab, beyondCR := eight+(0x80-'\t')*eachByte, eight+(0x80-'\r'-1)*eachByte
	return fromTab&^beyondCR&(0x80*eachByte) != 0
}

// keepsForm reports whether SearchText surely keeps r: it belongs to one of some widely
// used scripts without case and accents, or lies beyond all alphabets.
func keepsForm(r rune) bool {
	const ideographicSpace = 0x3000
	return caseless(r) && r != ideographicSpace || r >= firstKept
}

const firstKept = 0x20000

// asciiSearch has the SearchText of each ASCII character.
var asciiSearch = func() (table [utf8.RuneSelf]byte) {
	for c := range table {
		table[c] = searchRune(rune(c))[0]
	}
	return table
}()

// searchPage has the SearchText of 256 consecutive characters.
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
		at.Store(page) // if another goroutine has stored this page, its content is the same
	}
	return page
}

// searchRune returns the SearchText of one character.
func searchRune(r rune) string {
	if keepsForm(r) || unicode.Is(unicode.Cherokee, r) && unicode.IsUpper(r) {
		return string(r) // Unicode folds Cherokee to upper case
	}
	// The result of case folding may have an accent itself, as for U+01F0.
	return plain(cases.Fold().String(plain(string(r))))
}

// plain decomposes text, removes accents and invisible characters, and replaces other
// characters by those of [searchedAs] or by plain blanks and hyphens.
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

// isAccent reports whether r is a combining mark of Latin, Greek and Cyrillic letters
// that no other script needs.
func isAccent(r rune) bool {
	return 0x0300 <= r && r <= 0x036F || // combining diacritical marks
		0x0483 <= r && r <= 0x0489 || // Cyrillic combining marks
		0x1AB0 <= r && r <= 0x1AFF || 0x1DC0 <= r && r <= 0x1DFF || // more combining diacritical marks
		0xFE20 <= r && r <= 0xFE2F // combining half marks
}

// isUnseen reports whether r is an invisible character that copied texts may have. It
// excludes joiners, which Persian and scripts of India need.
func isUnseen(r rune) bool {
	switch {
	case r == 0x00AD, r == 0x200B, r == 0xFEFF, // soft hyphen, zero-width space, byte order mark
		r == 0x200E, r == 0x200F, 0x202A <= r && r <= 0x202E, 0x2066 <= r && r <= 0x2069, // marks of direction
		r == 0x2060: // word joiner
		return true
	}
	return false
}

// searchedAs maps letters whose accent Unicode does not decompose, ligatures, and
// variants of a punctuation mark.
var searchedAs = map[rune]string{
	'ø': "o", 'Ø': "o", 'ł': "l", 'Ł': "l", 'đ': "d", 'Đ': "d", 'ħ': "h", 'Ħ': "h", 'ŧ': "t", 'Ŧ': "t", 'ı': "i",
	'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'ð': "d", 'Ð': "d", 'þ': "th", 'Þ': "th",
	'\u2018': "'", '\u2019': "'", '\u201B': "'", '\u2032': "'", '\u00B4': "'", '\u02B9': "'", '\u02BB': "'", '\u02BC': "'", '\uFF07': "'",
	'\u2212': "-", '\u2043': "-", // minus, hyphen bullet
}
