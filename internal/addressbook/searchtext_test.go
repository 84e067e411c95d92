package addressbook

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestSearchText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                     "",
		"Asha RAO":             "asha rao",
		"Muñoz":                "munoz",
		"MUN\u0303OZ":          "munoz",
		"Łódź":                 "lodz",
		"Zoë Ångström":         "zoe angstrom",
		"\u212Bngström":        "angstrom",
		"Straße":               "strasse",
		"STRAẞE":               "strasse",
		"Ꭰꭰ":                   "ᎠᎠ",
		"Ǆ ǰ ŉ ﬃ":              "ǆ j 'n ffi",
		"Søren Ærø Œuvre":      "soren aero oeuvre",
		"Đorđe Ħamrun":         "dorde hamrun",
		"Guðrún Þór":           "gudrun thor",
		"İzmir Iğdır":          "izmir igdir",
		"Nguyễn Thị Ánh":       "nguyen thi anh",
		"Σίσυφος ᾳ ΐ":          "σισυφοσ α ι",
		"Ра́я Йо́жик Ёлкин":    "рая иожик елкин",
		"आशा राव":              "आशा राव",
		"हिंदी क\u093Cी":       "हिंदी क\u093Cी",
		"தமிழ்":                "தமிழ்",
		"مُحَمَّد":             "مُحَمَّد",
		"世界 ガ 각":               "世界 ガ 각",
		"O’Brien O‘Brien ʻO":   "o'brien o'brien 'o",
		"Jean‑Luc – a—b − c":   "jean-luc - a-b - c",
		"a\u00A0b\tc\u3000d\n": "a b c d ",
		"a\u00ADb\u200Bc":      "abc",
		"क्\u200Dष":            "क्\u200Dष",
		"𐐀":                    "𐐨",
		"a\x00b\xFFÉ":          "a\x00b\xFFe",
	} {
		if got := SearchText(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestSearchTextOfEachCharacter folds every character that may change, and some that
// do not, alone and among others.
func TestSearchTextOfEachCharacter(t *testing.T) {
	t.Parallel()
	for r := range rune(firstKept + 0x100) {
		if !utf8.ValidRune(r) {
			continue
		}
		text := string(r)
		folded := SearchText(text)
		checkSearchText(t, "A\t"+strings.Repeat("x", int(r)%8), text)
		checkSearchText(t, text, "É")
		if keepsForm(r) && folded != text {
			t.Errorf("%q (%U) of a script without accents becomes %q", text, r, folded)
		}
		if !keepsForm(r) && unicode.ToLower(unicode.ToUpper(r)) == r && folded != SearchText(string(unicode.ToUpper(r))) {
			t.Errorf("%q (%U) becomes %q, and in upper case %q", text, r, folded, SearchText(string(unicode.ToUpper(r))))
		}
		if !keepsForm(r) && folded != SearchText(norm.NFD.String(text)) {
			t.Errorf("%q (%U) becomes %q, and decomposed %q", text, r, folded, SearchText(norm.NFD.String(text)))
		}
	}
}

// checkSearchText checks what SearchText promises of two texts.
func checkSearchText(t *testing.T, first, second string) {
	t.Helper()
	joined := SearchText(first + second)
	if utf8.ValidString(first) && utf8.ValidString(second) {
		if want := SearchText(first) + SearchText(second); joined != want {
			t.Errorf("%q and %q: got %q, want %q", first, second, joined, want)
		}
		if again := SearchText(joined); again != joined {
			t.Errorf("%q becomes %q, and that %q", first+second, joined, again)
		}
	}
	if got := string(AppendSearchText([]byte("É"), []byte(first+second))); got != "É"+joined {
		t.Errorf("%q: appended %q, want %q", first+second, got, joined)
	}
}

func FuzzSearchText(f *testing.F) {
	for _, text := range []string{"", "ASCII only\t", "Straße STRASSE", "ΣΊΣΥΦΟΣ ς", "आदित्य A", "İstanbul", "ﬃ", "a\u0345", "\xff", "É\xe2\x82", "𐐀", "O’Neil–X\u3000"} {
		f.Add(text, text)
	}
	f.Fuzz(checkSearchText)
}
