package csvcell

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A text that a spreadsheet would run as a formula is written with a mark
// before it, which makes it text there. So is one that would otherwise come
// back as something else: the empty text, which looks like none, one with
// blanks around it, which are dropped, and one that begins with the mark. A
// mark before any other text is a part of the text.
//
// So each text is one cell, and each such cell is that text: what was written
// is read again as it was, and what others write is read as they meant it.
const mark = '\''

// active are the characters that begin a formula in some spreadsheet, in some
// language, or that one drops before it looks for a formula.
const active = "=+-@＝＋－＠\t\r\n"

// needsMark tells whether a text is written with a mark.
func needsMark(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return text == "" || first == mark || strings.ContainsRune(active, first) || strings.TrimSpace(text) != text
}

// Runs tells whether a spreadsheet may take a cell for a formula that does
// something. A cell of nothing but digits and the signs of numbers, as a phone
// number, is at worst taken for a number.
func Runs(cell string) bool {
	first, _ := utf8.DecodeRuneInString(cell)
	return strings.ContainsRune(active, first) && strings.ContainsFunc(cell, func(r rune) bool {
		return !unicode.IsDigit(r) && !strings.ContainsRune("+-＋－.,/() ", r)
	})
}

// Mark returns the cell for a text that was given. The cell of none is empty.
func Mark(text string) string {
	if needsMark(text) {
		return string(mark) + text
	}
	return text
}

// Unmark returns the text of a cell that is marked. Of any other cell it
// returns the whole, and false.
func Unmark(cell string) (text string, marked bool) {
	if cell != "" && cell[0] == mark && needsMark(cell[1:]) {
		return cell[1:], true
	}
	return cell, false
}
