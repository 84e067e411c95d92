package campaign

import (
	"maps"
	"testing"

	"callbook/internal/addressbook"
)

// TestValues: each variable has the contact's own field, or the member of the custom field
// of that name, whose JSON may be spelled in any way. EncodedValues has the same.
func TestValues(t *testing.T) {
	t.Parallel()
	names := []string{"first_name", "number", "due date", "a\"b", "n", "ärger", "tag"}
	encoded := EncodedValues(names) // one for all, as it keeps what it knows of names
	for custom, want := range map[string]map[string]string{
		``:   {},
		`{}`: {},
		`{"Due Date":"1 \"May\"","n":12.50,"tag":"custom","other":"x"}`:        {"due date": `1 "May"`, "n": "12.50"},
		`{"due date":"old","\u0044UE date":"n\u00e4chste\nWoche","ärger":"😀"}`: {"due date": "nächste\nWoche", "ärger": "😀"},
		`{ "n" : {"x": [1, 2]} , "a\"B" : "" }`:                                {"n": `{"x": [1, 2]}`},
		`{"a\"B":true,"n":null,"Ärger":"not ASCII","due date":"<b>&"}`:         {"a\"b": "true", "due date": "<b>&"},
		`{"n":1,"due date"`: {},
		`[1]`:               {},
		`null`:              {},
	} {
		c := &addressbook.Contact{Number: 919876543210, CustomField: custom}
		c.Texts[addressbook.FirstName] = addressbook.Given("Asha")
		want["first_name"], want["number"] = "Asha", "+919876543210"
		if got := Values(c, names); !maps.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", custom, got, want)
		}
		got, err := DecodeVars([]byte(encoded(c)))
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: encoded, got %q (%v), want %q", custom, got, err, want)
		}
	}
	if got := EncodedValues([]string{"email"})(new(addressbook.Contact)); got != "" {
		t.Errorf("of nothing, got %s", got)
	}
}
