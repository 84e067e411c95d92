package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shape tells what a client may rely on in a JSON text without looking at
// values: each leaf's path and type, in the order of the text. Key order counts.
func shape(text []byte) ([]string, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var lines []string
	if err := appendShape(&lines, dec, "$"); err != nil {
		return nil, err
	}
	return lines, nil
}

// appendShape adds the lines of the decoder's next value.
func appendShape(lines *[]string, dec *json.Decoder, path string) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	delim, nested := token.(json.Delim)
	if !nested {
		*lines = append(*lines, path+" "+leafType(token))
		return nil
	}
	before := len(*lines)
	for i := 0; dec.More(); i++ {
		child := fmt.Sprintf("%s[%d]", path, i)
		if delim == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			child = fmt.Sprintf("%s.%s", path, key)
		}
		if err := appendShape(lines, dec, child); err != nil {
			return err
		}
	}
	if len(*lines) == before {
		*lines = append(*lines, path+" empty "+delim.String())
	}
	_, err = dec.Token() // the closing delimiter
	return err
}

func leafType(token json.Token) string {
	switch token.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	default:
		return "string"
	}
}

// wantSameShape compares two JSON texts by shape.
func wantSameShape(t *testing.T, golden, got []byte) {
	t.Helper()
	want, err := shape(golden)
	if err != nil {
		t.Fatalf("the golden text: %v", err)
	}
	have, err := shape(got)
	if err != nil {
		t.Fatalf("%v in %q", err, got)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("keys, order or types differ (-want +got):\n%s", diff)
	}
}

func TestShape(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{`{"b":1,"a":"x"}`, []string{"$.b number", "$.a string"}},
		{`{"a":[{"b":null},{"b":[]}],"c":{}}`, []string{"$.a[0].b null", "$.a[1].b empty [", "$.c empty {"}},
		{`[true,2]`, []string{"$[0] boolean", "$[1] number"}},
	}
	for _, tt := range tests {
		got, err := shape([]byte(tt.text))
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.text, got, tt.want)
		}
	}
	if _, err := shape([]byte(`{"cut":[1,`)); err == nil {
		t.Error("a text that is cut has a shape")
	}
}
