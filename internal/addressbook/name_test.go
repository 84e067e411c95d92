package addressbook

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNameKey(t *testing.T) {
	t.Parallel()
	for _, name := range []struct{ first, last, want string }{
		{"", "", ""},
		{"Ada", "", "ada"},
		{"", "Lovelace", "lovelace"},
		{"Ada", "Lovelace", "ada lovelace"},
		{"ADA", "LOVELACE", "ada lovelace"},
		{"Ada Lovelace", "", "ada lovelace"},
		{" Ada", "Lovelace ", "ada lovelace"},
		{"\t", " ", ""},
		{"ÉLODIE", "Ñ", "élodie ñ"},
		{"Straße", "", "strasse"},
		{"STRASSE", "", "strasse"},
		{"ΣΊΣΥΦΟΣ", "", "σίσυφοσ"},
		{"Σίσυφος", "", "σίσυφοσ"},
		{"БОРИС", "", "борис"},
		{"आदित्य", "राव", "आदित्य राव"},
		{"世界", "", "世界"},
		{"𐐀", "", "𐐨"}, // Deseret, beyond 16 bits
	} {
		if got := NameKey(name.first, name.last); got != name.want {
			t.Errorf("%q, %q: got %q, want %q", name.first, name.last, got, name.want)
		}
	}
	// A name that ends sorts before one that goes on.
	order := []string{NameKey("", ""), NameKey("Ann", ""), NameKey("ANN", "Z"), NameKey("anna", "a"), NameKey("B", "")}
	if !slices.IsSorted(order) {
		t.Errorf("the order is %q", order)
	}
}

// TestFolder folds every letter there is, alone and after one of another kind.
func TestFolder(t *testing.T) {
	t.Parallel()
	var f Folder
	for r := range utf8.MaxRune + 1 {
		if !utf8.ValidRune(r) {
			continue
		}
		for _, text := range []string{string(r), "A" + string(r) + "Z", strings.Repeat(string(r), 9)} {
			if got, want := string(f.Fold([]byte(text))), Fold(text); got != want {
				t.Errorf("%q (%U): got %q, want %q", text, r, got, want)
			}
		}
	}
}

func FuzzFolder(f *testing.F) {
	for _, text := range []string{"", "ASCII only", "Straße STRASSE", "ΣΊΣΥΦΟΣ ς", "आदित्य A", "İstanbul", "ﬃ", "a\u0345", "\xff", "É\xe2\x82", "𐐀"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		var folder Folder
		for _, text := range []string{first, second, first + second} {
			if got, want := string(folder.Fold([]byte(text))), Fold(text); got != want {
				t.Errorf("%q: got %q, want %q", text, got, want)
			}
		}
	})
}
