package phone

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// ParseFirst parses the first number of a text with several numbers, and returns how many
// others it has left out. It accepts commas, semicolons, bars, line ends, slashes, and
// the ::: of Google's contacts between numbers. It prefers the first valid number to an
// earlier one that only has the general form. What it leaves out need not be a number:
// the Indian 022-23456789/90 leaves out one. The error for a text without a number, or of
// more than 16 KiB, is a fault as for [Region.Parse].
func (r *Region) ParseFirst(raw string) (first Number, leftOut int, err error) {
	first, err = r.Parse(raw)
	if err == nil || err == errExtension || len(raw) > 16*maxInputBytes {
		return first, 0, err
	}
	parts := parts{region: r}
	for text := range separated(raw) {
		parts.add(text)
	}
	if parts.first == 0 || parts.count == 1 {
		return 0, 0, err
	}
	return parts.first, parts.count - 1, nil
}

// parts are the parts of a text that may each be a number.
type parts struct {
	region *Region
	count  int
	first  Number // the first number among them
	valid  bool   // whether first is valid, and does not only have the general form
}

// add adds the parts of a text without separators other than slashes.
func (p *parts) add(text string) {
	for strings.ContainsFunc(text, digit) {
		p.count++
		text = p.next(text)
	}
}

// next reads the first part of text and returns what follows it. A part ends at the first
// slash after a number, since other slashes are punctuation. If there is none, the part
// ends at the first slash, unless that follows an area code and what comes after it is
// not a number itself.
func (p *parts) next(text string) (rest string) {
	const (
		maxSlashes  = 4 // within a number
		maxAreaCode = 6 // digits
	)
	slashes, digits := 0, 0
	behindFirst := ""
	for i, c := range text {
		switch {
		case digit(c) && slashes == 0:
			digits++
		case slash(c):
			slashes++
			behind := text[i+utf8.RuneLen(c):]
			if slashes == 1 && digits > maxAreaCode {
				behindFirst = behind
			}
			if p.read(text[:i]) {
				return behind
			}
		}
		if slashes == maxSlashes {
			return behindFirst
		}
	}
	if p.read(text) {
		return ""
	}
	return behindFirst
}

// read parses a number, and reports whether text is one.
func (p *parts) read(text string) bool {
	n, err := p.region.Parse(text)
	if err == nil && !p.valid && (p.first == 0 || n.valid()) {
		p.first, p.valid = n, n.valid()
	}
	return err == nil
}

// separated yields the texts between separators other than slashes.
func separated(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for group := range strings.SplitSeq(text, ":::") {
			for text := range strings.FieldsFuncSeq(group, separator) {
				if !yield(text) {
					return
				}
			}
		}
	}
}

// isSeveral reports whether there are separators between digits of the text.
func isSeveral(text string) bool {
	count := 0
	for text := range separated(text) {
		if strings.ContainsFunc(text, digit) {
			count++
		}
	}
	return count > 1
}

func digit(r rune) bool     { return classify(r) <= 9 }
func letter(r rune) bool    { return classify(r) == isLetter }
func slash(r rune) bool     { return classify(r) == isSlash }
func separator(r rune) bool { return classify(r) == isSeparator }
