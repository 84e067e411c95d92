package campaign

import (
	"strings"
	"testing"

	"callbook/internal/fault"
)

// TestSay puts values into texts.
func TestSay(t *testing.T) {
	t.Parallel()
	known := []string{"first_name", "last_name", "tag", "tagline", "due date"}
	values := map[string]string{"first_name": "Asha", "tag": "vip", "due date": "3 June"}
	for text, want := range map[string]string{
		"Hello @@first_name, welcome":     "Hello Asha, welcome",
		"Hello @@FIRST_NAME!":             "Hello Asha!",
		"@@tagged":                        "vipged", // the longest name that is known
		"@@tagline.":                      ".",      // known, without a value
		"Pay by @@{due date}.":            "Pay by 3 June.",
		"@@{First_Name}@@first_name":      "AshaAsha",
		"Grüße, @@last_name @@first_name": "Grüße,  Asha",
		"a@b.example and @ alone":         "a@b.example and @ alone",
	} {
		found, err := findVariables(text, known)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		s := Settings{Text: text}
		for _, v := range found {
			s.Vars = append(s.Vars, v.name)
		}
		if got := s.Say(values); got != want {
			t.Errorf("%q is said as %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"Hello @@nobody", "@@", "@@ first_name", "@@{first_name", "@@{nobody}", "@@first"} {
		if _, err := findVariables(text, known); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got %v, want an Invalid fault", text, err)
		}
	}
}

// FuzzVariables: variables are parts of the text, in order, and no text makes the
// search fail otherwise than by a fault.
func FuzzVariables(f *testing.F) {
	f.Add("Hello @@first_name, @@{due date}")
	f.Add("@@@@tag@@")
	f.Fuzz(func(t *testing.T, text string) {
		known := []string{"tag", "tagline", "due date"}
		found, err := findVariables(text, known)
		if err != nil {
			if fault.As(err) == nil {
				t.Fatal(err)
			}
			return
		}
		at := 0
		for _, v := range found {
			if v.start < at || v.end > len(text) || !strings.HasPrefix(text[v.start:v.end], "@@") {
				t.Fatalf("%q: variable %+v after %d", text, v, at)
			}
			at = v.end
		}
	})
}
