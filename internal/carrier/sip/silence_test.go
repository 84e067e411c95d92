package sip_test

import (
	"strings"
	"testing"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/test/siptest"
)

// TestSilentCallee: the cause of an answered call tells whether the callee has said anything.
func TestSilentCallee(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	for name, tt := range map[string]struct {
		text   string
		speaks bool
		silent bool
	}{
		"silent": {text: "2100", silent: true},
		"speaks": {text: "2100", speaks: true},
		"short":  {text: "200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, callee, nil)
			line := callee.Line(t, nil)
			o := r.place(line, callflow.Greeting(tt.text))
			if call := line.Call(); tt.speaks {
				call.Await("ACK", 1)
				call.Media.Speak(siptest.Tone(800))
			}
			p := r.end(o, campaign.Reached)
			if is := strings.HasSuffix(p.CauseText, "; the callee was silent"); is != tt.silent || !strings.HasPrefix(p.CauseText, "Normal call clearing") {
				t.Errorf("the cause is %q", p.CauseText)
			}
		})
	}
}
