package addressbook

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
)

// NameKey is what names are sorted by: both names joined, without regard to
// case in any script. Keys compare by their bytes.
func NameKey(first, last string) string {
	return Fold(strings.TrimSpace(first + " " + last))
}

// Fold returns a text as it compares without regard to case.
func Fold(text string) string {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return cases.Fold().String(text)
		}
	}
	return strings.ToLower(text) // the same for ASCII, and many times faster
}
