package speech

import "unicode"

// English is the language of texts in Latin letters, unless the caller gives another.
const English = "en"

// scripts maps scripts to languages. For a script of several languages, it has the one
// with the most speakers.
var scripts = []struct {
	letters  *unicode.RangeTable
	language string
}{
	{unicode.Devanagari, "hi"}, {unicode.Bengali, "bn"}, {unicode.Telugu, "te"}, {unicode.Tamil, "ta"}, {unicode.Gujarati, "gu"},
	{unicode.Kannada, "kn"}, {unicode.Malayalam, "ml"}, {unicode.Oriya, "or"}, {unicode.Gurmukhi, "pa"}, {unicode.Arabic, "ur"},
	{unicode.Sinhala, "si"}, {unicode.Cyrillic, "ru"}, {unicode.Greek, "el"},
}

// LanguageOf guesses the language of a text by the script of most of its letters.
func LanguageOf(text string) string {
	counts := make([]int, len(scripts))
	best, most := English, 0
	latin := 0
	for _, r := range text {
		if unicode.Is(unicode.Latin, r) {
			latin++
			continue
		}
		for i, s := range scripts {
			if unicode.Is(s.letters, r) {
				if counts[i]++; counts[i] > most {
					best, most = s.language, counts[i]
				}
				break
			}
		}
	}
	if latin >= most {
		return English
	}
	return best
}

// IsLanguage reports whether a text has the form of a BCP 47 code: letters and digits, in
// parts separated by hyphens. It begins with a letter, so that no program takes it for an
// option.
func IsLanguage(code string) bool {
	const longest = 35
	if code == "" || len(code) > longest || code[0] == '-' {
		return false
	}
	for i, c := range []byte(code) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}
