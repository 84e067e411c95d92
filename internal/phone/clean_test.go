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
// neither letter, digit, symbol of dialling nor control may be left out.
func TestNothingMeaningfulIsDropped(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		var v byte
		if r < 0x80 {
			v = classifyASCII(byte(r))
		} else {
			v = classify(r)
		}
		if v != isPunctuation {
			continue
		}
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || unicode.IsControl(r) && r != '\t' {
			t.Errorf("%U is left out", r)
		}
	}
}

func TestCleanBounds(t *testing.T) {
	t.Parallel()
	var buf [maxInputDigits]byte
	for _, c := range []struct {
		raw   string
		count int
		plus  bool
		ok    bool
	}{
		{strings.Repeat("1", maxInputDigits), maxInputDigits, false, true},
		{"+" + strings.Repeat("1 ", maxInputDigits), maxInputDigits, true, true},
		{strings.Repeat("1", maxInputDigits+1), 0, false, false},
		{strings.Repeat(" ", maxInputBytes-1) + "1", 1, false, true},
		{strings.Repeat(" ", maxInputBytes) + "1", 0, false, false},
		{"(+1)", 1, true, true},
		{"+", 0, true, false},
	} {
		if count, plus, ok := clean(c.raw, &buf); ok != c.ok || ok && (count != c.count || plus != c.plus) {
			t.Errorf("%q: got %d %v %v", c.raw, count, plus, ok)
		}
	}
}
