package addressbook

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCustomFilter(t *testing.T) {
	const object = `{"plan": "Gold", "Stadt":"M\u00fcnchen","n":4.50 ,"on":true,"no":null,"a":{"b":["x}\"y", {"plan":"silver"}]},"l":[1,[2]],"q\"k":"\ud83d\ude00 x","":"blank","e":"","plan":"second"}`
	for _, tt := range []struct {
		key, part string
		want      bool
	}{
		{"plan", "gold", true}, {"PLAN", "OL", true}, {"plan", "second", true}, {"plan", "silver", false}, {"plan", "", true},
		{"stadt", "munchen", true}, {"STADT", "münchen", true}, {"stadt", "u00fc", false}, {"n", "4.50", true}, {"n", "4.5", true}, {"n", "4.5 ", false},
		{"on", "true", true}, {"no", "", false}, {"no", "null", false}, {"a", `silver`, true}, {"a", `x}\"y`, true}, {"b", "", false},
		{"l", "[1,[2]]", true}, {`q"k`, "😀 X", true}, {`q\"k`, "", false}, {"e", "", true}, {"e", "x", false}, {"pla", "", false}, {"gold", "", false},
	} {
		if got := (CustomFilter{tt.key, tt.part}).Matcher().Matches([]byte(object)); got != tt.want {
			t.Errorf("%q has %q: %v", tt.key, tt.part, got)
		}
	}
	for _, empty := range []string{"", "{}", " { } "} {
		if (CustomFilter{Key: "plan"}).Matcher().Matches([]byte(empty)) {
			t.Errorf("%q has a plan", empty)
		}
	}
}

// FuzzEachMember: the members of an object are those that encoding/json finds.
func FuzzEachMember(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1}`, `{ "a" : [1, {"b":"]}"}] , "c":"\"" }`, `{"a":{},"b":[],"c":-1e9,"d":"\\"}`, `{"a":"\u005c","":null}`, `{"a`, `{"a":`, `{"a":}`, `{"a":1]`, `[`, `{"":{"":`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var names []string
		got := make(map[string]string)
		eachMember([]byte(text), func(name, value []byte) bool {
			names = append(names, string(name))
			got[string(appendJSONText(nil, name))] = string(value)
			return false
		})
		var want map[string]json.RawMessage
		if !strings.HasPrefix(strings.TrimSpace(text), "{") || json.Unmarshal([]byte(text), &want) != nil {
			return // it need only end
		}
		if len(got) != len(want) {
			t.Fatalf("%q has %q, want %q", text, got, want)
		}
		for name, value := range want {
			if got[name] != string(value) {
				t.Errorf("%q: %q is %q, want %q", text, name, got[name], value)
			}
		}
	})
}
