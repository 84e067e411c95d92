package shell

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// large is the least number of contacts for which a deletion asks to type their number.
const large = 100

// LargeDeletion reports whether a person must type the number of contacts to confirm
// their deletion, so that nobody confirms it by accident.
func LargeDeletion(n int) bool { return n >= large }

// TypedNumber reports whether the form's field "typed" has the number n, with or without
// separators. A deletion that is not large needs none.
func TypedNumber(form url.Values, n int) bool {
	if !LargeDeletion(n) {
		return true
	}
	digits := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune(",.'_", r) {
			return -1
		}
		return r
	}, form.Get("typed"))
	return digits == strconv.Itoa(n)
}
