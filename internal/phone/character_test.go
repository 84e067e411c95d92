package phone

import (
	"strings"
	"testing"
	"unicode"
)

// TestDigitValue relies on nothing but Unicode's promise that the digits of a
// script are ten in a row: each range of the table must be whole scripts.
func TestDigitValue(t *testing.T) {
	t.Parallel()
	check := func(lo, hi, stride rune) {
		if stride != 1 || (hi-lo+1)%10 != 0 {
			t.Errorf("digits %U to %U by %d are not whole scripts", lo, hi, stride)
		}
	}
	for _, s := range unicode.Nd.R16 {
		check(rune(s.Lo), rune(s.Hi), rune(s.Stride))
	}
	for _, s := range unicode.Nd.R32 {
		check(rune(s.Lo), rune(s.Hi), rune(s.Stride))
	}
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if v := classify(r); (v <= 9) != unicode.Is(unicode.Nd, r) {
			t.Fatalf("%U: got %d", r, v)
		}
	}
	for zero, digits := range map[rune]string{
		'०': "०१२३४५६७८९", '٠': "٠١٢٣٤٥٦٧٨٩", '０': "０１２３４５６７８９", '𞥐': "𞥐𞥑𞥒𞥓𞥔𞥕𞥖𞥗𞥘𞥙", '𝟬': "𝟬𝟭𝟮𝟯𝟰𝟱𝟲𝟳𝟴𝟵",
	} {
		want := byte(0)
		for _, r := range digits {
			if got := classify(r); got != want {
				t.Errorf("%c after %c: got %d, want %d", r, zero, got, want)
			}
			want++
		}
	}
}

// TestNothingMeaningfulIsDropped goes through all of Unicode: only what is
// neither letter, digit, symbol of dialling nor control may be left out, or what
// nobody sees.
func TestNothingMeaningfulIsDropped(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		switch classify(r) {
		case isPunctuation, isSlash:
			if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || unicode.IsControl(r) && r != '\t' {
				t.Errorf("%U is left out", r)
			}
		case isInvisible:
			if !ignorable(r) {
				t.Errorf("%U is left out", r)
			}
		default:
			if ignorable(r) || unicode.Is(unicode.Zs, r) {
				t.Errorf("%U is not left out", r)
			}
		}
	}
}

// ignorable reports whether Unicode calls a character default-ignorable, by the
// formula of DerivedCoreProperties.txt.
func ignorable(r rune) bool {
	switch {
	case unicode.Is(unicode.White_Space, r), 0xFFF9 <= r && r <= 0xFFFB, 0x13430 <= r && r <= 0x13440,
		unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false
	}
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Cf, unicode.Variation_Selector)
}

func TestReadBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		count int
		plus  bool
		ok    bool
	}{
		{strings.Repeat("1", maxInputDigits), maxInputDigits, false, true},
		{"+" + strings.Repeat("1 ", maxInputDigits), maxInputDigits, true, true},
		{strings.Repeat("1", maxInputDigits+1), maxInputDigits, false, false},
		{strings.Repeat(" ", 1000) + "1", 1, false, true},
		{"(+1)", 1, true, true},
		{"+", 0, true, true},
		{"", 0, false, true},
	} {
		var s spelling
		if ok := s.read(c.text); ok != c.ok || s.count != c.count || s.plus != c.plus {
			t.Errorf("%.50q: got %d %v %v", c.text, s.count, s.plus, ok)
		}
	}
}
