package addressbook

import (
	"slices"
	"testing"
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
