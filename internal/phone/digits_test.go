package phone

import "testing"

func TestDigits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                 "",
		"-":                "",
		"+":                "",
		"98765 43210":      "9876543210",
		"(098765)-43210":   "09876543210",
		" +91 98765/43210": "+919876543210",
		"(+91) 98765":      "+9198765",
		"９８７６（５）":          "98765",
		"९८७६५ ४३२१०":      "9876543210",
		"98.76~5":          "98765",
		"98765 x":          "",
		"98+765":           "",
		"++98":             "",
		"9,8":              "",
		"\xff9":            "",
	} {
		if got, ok := Digits(text); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %t, want %q", text, got, ok, want)
		}
	}
}
