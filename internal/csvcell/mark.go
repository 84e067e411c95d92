package csvcell

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mark is an apostrophe before a text, which keeps a spreadsheet from running the
// text as a formula. It also stands before the texts that an import would change:
// the empty text and those of [IsNull], which would read as no value, a text with
// surrounding spaces, which would be trimmed, and a text that begins with the mark.
// Before any other text an apostrophe is a part of the text.
//
// Mark and Unmark are therefore inverse: what callbook writes is read unchanged, and
// an apostrophe in a file of another program is rarely mistaken for a mark.
const mark = '\''

// active are the characters that begin a formula in any spreadsheet and language,
// and the spaces that a spreadsheet skips before one.
const active = "=+-@＝＋－＠\t\r\n"

// needsMark reports whether a text is written with a mark.
func needsMark(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return text == "" || IsNull(text) || first == mark || strings.ContainsRune(active, first) || strings.TrimSpace(text) != text
}

// IsNull reports whether a cell is how database dumps write that there is no
// value: MySQL's \N, or NULL.
func IsNull(cell string) bool { return cell == `\N` || cell == "NULL" }

// Runs reports whether a spreadsheet may run a cell as a harmful formula. A cell of
// digits and the punctuation of numbers, such as a phone number, is not harmful: at
// worst it is taken for a number.
func Runs(cell string) bool {
	first, _ := utf8.DecodeRuneInString(cell)
	return strings.ContainsRune(active, first) && strings.ContainsFunc(cell, func(r rune) bool {
		return !unicode.IsDigit(r) && !strings.ContainsRune("+-＋－.,/() ", r)
	})
}

// Mark returns the cell for a text. (The cell of a missing text is empty.)
func Mark(text string) string {
	if needsMark(text) {
		return string(mark) + text
	}
	return text
}

// Unmark removes the mark of a cell. If there is none, it returns the cell and
// false.
func Unmark(cell string) (text string, marked bool) {
	if cell != "" && cell[0] == mark && needsMark(cell[1:]) {
		return cell[1:], true
	}
	return cell, false
}
