package shell

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// large is from how many contacts on a deletion asks for their number.
const large = 100

// LargeDeletion tells whether a deletion of so many contacts is to be confirmed by typing how
// many they are: a slip of the hand does not do that.
func LargeDeletion(n int) bool { return n >= large }

// TypedNumber tells whether a form has the number of a deletion in its field "typed", with
// separators or without. A deletion that is not large needs none.
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
