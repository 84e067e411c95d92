package web

import (
	"encoding/json"
	"strings"
	"testing"

	"callbook/internal/addressbook"
)

// FuzzCustomField: what the form takes is JSON and has a tree, and what it
// refuses gets a reason.
func FuzzCustomField(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a": [1, {"b": null}], "a": "x"}`, ` {"ü": "\ud83d\ude00"} `, `{"a": "\ud83d"}`, `[]`, `{"a"`, "{\n\"a\": x}", `{} {}`, `{}x`, "",
		strings.Repeat(`{"a":`, 50) + `1` + strings.Repeat(`}`, 50), strings.Repeat(`[`, 20000), "{\"\xff\": 1}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wrong := jsonObjectFault(text)
		if wrong == "" {
			if tree := parseTree(text); !json.Valid([]byte(text)) || tree == nil || tree.Kind != "object" {
				t.Errorf("%q is taken, and its tree is %+v", text, tree)
			}
			return
		}
		if !strings.HasSuffix(wrong, ".") {
			t.Errorf("%q: %s", text, wrong)
		}
		parseTree(text) // may be stored all the same, by whoever is not as strict
	})
}

// FuzzPlace: what is read from an address is what was written there.
func FuzzPlace(f *testing.F) {
	f.Add("")
	f.Add(place(addressbook.Position{Key: "asha rao", SID: addressbook.SID{1, 2, 3}}))
	f.Fuzz(func(t *testing.T, text string) {
		p := placeOf(text)
		if p == nil {
			return
		}
		if again := placeOf(place(*p)); again == nil || *again != *p {
			t.Errorf("%q: %v, and again %v", text, p, again)
		}
	})
}
