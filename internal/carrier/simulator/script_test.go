package simulator

import (
	"testing"

	"callbook/internal/callflow"
)

// TestPress: which keys callees press in flows.
func TestPress(t *testing.T) {
	t.Parallel()
	twice := &callflow.Flow{Start: "a", Steps: map[string]callflow.Step{
		"a": {Kind: callflow.Gather, Text: "One.", Digits: 1, Branches: map[string]string{"4": "b"}, Wrong: "c"},
		"b": {Kind: callflow.Gather, Text: "Two.", Digits: 3, Next: "c"},
		"c": {Kind: callflow.Ask, URL: "http://app.example.in", Next: "a", Failed: ""},
	}}
	nobody := func(callflow.URL, string) callflow.Input { return callflow.Input{} }
	for name, tt := range map[string]struct {
		flow *callflow.Flow
		want string // of a callee who presses 4
	}{
		"a flow that nobody knows": {nil, "4"},
		"a greeting":               {callflow.Greeting("Good day."), ""},
		"a menu":                   {callflow.Menu("Press a key.", 2), "4"},
		"two questions":            {twice, "44"},
	} {
		if got := press(919800000041, tt.flow, nobody).Digits; got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
		if got := press(919800000001, tt.flow, nobody).Digits; got != "" {
			t.Errorf("%s: who presses nothing has pressed %q", name, got)
		}
	}
}
