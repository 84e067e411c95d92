package addressbook

import "testing"

func TestCanBeEmail(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"asha@example.in":               true,
		" asha.rao+x@mail.example.com ": true,
		`"a@b"@example.com`:             true,
		"माला@उदाहरण.भारत":              true,
		"o'brien@example.ie":            true,
		"asha":                          false,
		"n/a":                           false,
		"asha@":                         false,
		"@example.in":                   false,
		"asha@example":                  false,
		"asha@.in":                      false,
		"asha@example.":                 false,
		"asha@example..in":              false,
		"asha@home@example.in":          false,
		"asha rao@example.in":           false,
		"a@example.in, b@example.in":    false,
		"Asha <asha@example.in>":        false,
		"":                              false,
	} {
		if got := CanBeEmail(text); got != want {
			t.Errorf("CanBeEmail(%q) = %t, want %t", text, got, want)
		}
	}
}
