package phone

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// ParseFirst reads a text that may have several numbers: it parses the first one,
// and tells how many others are left out. Between numbers are commas, semicolons,
// bars, ends of lines, slashes, or the ::: of Google's contacts. The first number
// that is valid is preferred to an earlier one that only has the general form.
// What is left out need not be a number: the Indian 022-23456789/90 leaves out
// one. A text that has no number, or is longer than 16 KiB, is a fault, as with
// [Region.Parse].
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

// parts are the parts of a text that may be numbers.
type parts struct {
	region *Region
	count  int
	first  Number // the first of them that is one
	valid  bool   // first is not only of the general form
}

// add adds the parts of a text that has no separators but slashes.
func (p *parts) add(text string) {
	for strings.ContainsFunc(text, digit) {
		p.count++
		text = p.next(text)
	}
}

// next reads the first part of text and returns what comes after it. A part ends
// at the first slash before which there is a number, since others are punctuation.
// Without any such slash, it ends at the first one, unless that comes after an area
// code, and what follows is no number of its own.
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

// read reads one number, and reports whether it is one.
func (p *parts) read(text string) bool {
	n, err := p.region.Parse(text)
	if err == nil && !p.valid && (p.first == 0 || n.valid()) {
		p.first, p.valid = n, n.valid()
	}
	return err == nil
}

// separated yields the texts between the separators of numbers, slashes not among
// them.
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

// isSeveral reports whether separators stand between digits of the text.
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
