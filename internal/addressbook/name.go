package addressbook

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/transform"
)

// NameKey returns the key by which names are sorted: both names joined, without regard to
// case in any script. Keys are compared byte by byte.
func NameKey(first, last string) string {
	return Fold(strings.TrimSpace(first + " " + last))
}

// Fold returns a text in the form in which texts are compared without regard to case.
func Fold(text string) string {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return cases.Fold().String(text)
		}
	}
	return strings.ToLower(text) // the same result for ASCII, and much faster
}

// Folder folds many texts one after the other, and reuses its memory. It is for searches
// through a whole address book. Its zero value is ready for use. It is not safe for
// concurrent use.
type Folder struct {
	caser  *cases.Caser
	folded []byte
}

// Fold is like the function [Fold]. Its result is valid until the next call.
func (f *Folder) Fold(text []byte) []byte {
	f.folded = append(f.folded[:0], text...)
	for i := 0; i < len(f.folded); {
		if i+8 <= len(f.folded) && lowerASCII(f.folded[i:i+8]) {
			i += 8
			continue
		}
		c := f.folded[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(f.folded[i:])
			if !caseless(r) {
				return f.foldAll(text)
			}
			i += size
			continue
		}
		if 'A' <= c && c <= 'Z' {
			f.folded[i] = c + ('a' - 'A')
		}
		i++
	}
	return f.folded
}

// eachByte, multiplied by a byte, has that byte in each of its eight bytes.
const eachByte = 0x0101010101010101

// lowerASCII makes eight bytes lower case at once. It returns false if they are not all
// ASCII.
func lowerASCII(text []byte) bool {
	eight := binary.LittleEndian.Uint64(text)
	if eight&(0x80*eachByte) != 0 {
		return false
	}
	// The highest bit of each byte is set in fromA when the byte is 'A' or more,
	// and in beyondZ when it is more than 'Z'. No sum carries into the next byte.
	fromA, beyondZ := eight+(0x80-'A')*eachByte, eight+(0x80-'Z'-1)*eachByte
	upper := fromA &^ beyondZ & (0x80 * eachByte)
	binary.LittleEndian.PutUint64(text, eight|upper>>2) // 0x20 makes a letter lower case
	return true
}

// foldAll folds a text by Unicode's tables.
func (f *Folder) foldAll(text []byte) []byte {
	if f.caser == nil {
		caser := cases.Fold()
		f.caser = &caser
	}
	for {
		f.folded = slices.Grow(f.folded[:0], 2*len(text))
		f.caser.Reset()
		n, _, err := f.caser.Transform(f.folded[:cap(f.folded)], text, true)
		f.folded = f.folded[:n]
		if !errors.Is(err, transform.ErrShortDst) {
			return f.folded // there is no other error
		}
		f.folded = slices.Grow(f.folded, 2*cap(f.folded))
	}
}

// caseless reports whether a letter belongs to one of some widely used scripts without
// case, so that it need not be looked up in Unicode's tables.
func caseless(r rune) bool {
	switch {
	case 0x0590 <= r && r < 0x10a0, // Hebrew, Arabic, the scripts of India, Thai, Burmese
		0x2e80 <= r && r < 0xa640, // Chinese and Japanese
		0xac00 <= r && r < 0xd800: // Korean
		return true
	}
	return false
}
