package callflow

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestFill puts values into texts.
func TestFill(t *testing.T) {
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
		names, err := Variables(text, known)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := Fill(text, names, values); got != want {
			t.Errorf("%q is said as %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"Hello @@nobody", "@@", "@@ first_name", "@@{first_name", "@@{nobody}", "@@first"} {
		if _, err := Variables(text, known); !unknown(err) {
			t.Errorf("%q: got %v, want an unknown variable", text, err)
		}
	}
}

// TestFillLong: a filled text is never longer than a text may be. Values are cut, the
// last ones first, and what stands around them stays.
func TestFillLong(t *testing.T) {
	t.Parallel()
	values := map[string]string{"a": strings.Repeat("ü", 1000), "b": strings.Repeat("é", MaxText), "c": "last"}
	got := Fill("@@a, @@b and @@c. Press 1.", []string{"a", "b", "c"}, values)
	const around = ",  and . Press 1."
	if want := values["a"] + ", " + values["b"][:2*(MaxText-1000-len(around))] + " and . Press 1."; got != want {
		t.Errorf("%d characters, ending in %q", utf8.RuneCountInString(got), got[len(got)-40:])
	}
	for text, want := range map[string]int{
		strings.Repeat("x", MaxText-3) + "@@c":      MaxText,
		strings.Repeat("x", MaxText-6) + "@@c@@c":   MaxText,
		strings.Repeat("@@a ", MaxText/len("@@a ")): MaxText,
		strings.Repeat("x", MaxText-4) + " @@z":     MaxText - 3,
	} {
		if n := utf8.RuneCountInString(Fill(text, []string{"a", "c", "z"}, values)); n != want {
			t.Errorf("%.20q is said with %d characters, want %d", text, n, want)
		}
	}
}

// FuzzVariables: variables are parts of the text, in order, and no text makes the
// search fail otherwise than by a name that is unknown.
func FuzzVariables(f *testing.F) {
	f.Add("Hello @@first_name, @@{due date}")
	f.Add("@@@@tag@@")
	f.Fuzz(func(t *testing.T, text string) {
		known := []string{"tag", "tagline", "due date"}
		found, err := findVariables(text, known)
		if err != nil {
			if !unknown(err) {
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

func unknown(err error) bool {
	_, ok := errors.AsType[UnknownVariableError](err)
	return ok
}

// TestFlowVariables: a flow has the variables of all its steps, and tells which step has
// one that is not known.
func TestFlowVariables(t *testing.T) {
	t.Parallel()
	f := parse(t, `{"start": "a", "steps": {
		"a": {"kind": "say", "text": "Hello @@First_Name, of @@city", "next": "b"},
		"b": {"kind": "gather", "text": "@@city?", "digits": 1, "next": "c"},
		"c": {"kind": "mark", "word": "@@city"}}}`)
	names, err := f.Variables([]string{"first_name", "city", "tag"})
	if err != nil || strings.Join(names, " ") != "city first_name" {
		t.Fatalf("got %q, %v", names, err)
	}
	filled := f.Fill(names, map[string]string{"first_name": "Asha", "city": "Pune"})
	if a, b, c := filled.Steps["a"].Text, filled.Steps["b"].Text, filled.Steps["c"].Word; a != "Hello Asha, of Pune" || b != "Pune?" || c != "@@city" {
		t.Errorf("got %q, %q, %q", a, b, c)
	}
	if f.Steps["b"].Text != "@@city?" {
		t.Error("the flow itself was changed")
	}
	if _, err := f.Variables([]string{"first_name", "tag"}); err == nil || !strings.Contains(err.Error(), `Step "a" says @@city`) {
		t.Errorf("got %v", err)
	}
}
