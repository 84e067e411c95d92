package contacts

import (
	"encoding/json"
	"strings"
	"testing"
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
