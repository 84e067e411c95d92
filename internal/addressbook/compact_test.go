package addressbook

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzCompact holds compact against encoding/json.
func FuzzCompact(f *testing.F) {
	for _, text := range []string{
		`{}`, ` { } `, "{\r\n\t\"a b\" : [ 1.50e+02 ,\t-0 ] }", `{"\\" : "\" \\\" {" , "\u0020": " "}`, `{"a":null ,"a": [ [ ] ]}`, "{\"\u2028\" : \"<&> \xff\"}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want bytes.Buffer
		if json.Compact(&want, []byte(text)) != nil {
			t.Skip("no JSON")
		}
		if got := compact(text); got != want.String() {
			t.Errorf("compact(%q) = %q, want %q", text, got, want.String())
		}
	})
}
