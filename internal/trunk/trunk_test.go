package trunk

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"callbook/internal/fault"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"sip:pbx.example.com:5060;transport=udp": "sip:pbx.example.com:5060;transport=udp",
		"sip:pbx.example.com":                    "sip:pbx.example.com;transport=udp",
		"SIP:10.0.0.5;TRANSPORT=TCP":             "sip:10.0.0.5;transport=tcp",
		"sips:trunk.example.in":                  "sip:trunk.example.in;transport=tls",
		"sips:trunk.example.in;transport=tcp":    "sip:trunk.example.in;transport=tls",
		"sip:[2001:DB8::1]:5061;transport=tls":   "sip:[2001:db8::1]:5061;transport=tls",
		"sip:[2001:db8::1]":                      "sip:[2001:db8::1];transport=udp",
		"sip:localhost:1":                        "sip:localhost:1;transport=udp",
	} {
		var got Trunk
		if err := got.SetAddress(uri); err != nil || got.Address() != want {
			t.Errorf("%s: got %s, %v", uri, got.Address(), err)
		}
	}
	for uri, want := range map[string]string{
		"":                                    "does not begin with sip:",
		"pbx.example.com:5060":                "does not begin with sip:",
		"http://pbx.example.com":              "does not begin with sip:",
		"sip:":                                "has no host",
		"sip::5060":                           "has no host",
		"sip:user@pbx.example.com":            "has a user in it",
		"sip:pbx?x=1":                         "more than a host",
		"sip://pbx":                           "more than a host",
		"sip:pbx:0":                           "a number from 1 to 65535",
		"sip:pbx:65536":                       "a number from 1 to 65535",
		"sip:pbx:":                            "a number from 1 to 65535",
		"sip:pbx:05060":                       "a number from 1 to 65535",
		"sip:2001:db8::1":                     "in brackets",
		"sip:[2001:db8::1":                    "without its ]",
		"sip:[10.0.0.1]":                      "no IPv6 address",
		"sip:[fe80::1%eth0]":                  "no IPv6 address",
		"sip:[2001:db8::1]5060":               "a number from 1 to 65535",
		"sip:0.0.0.0":                         "no trunk can have",
		"sip:224.0.0.1":                       "no trunk can have",
		"sip:1.2.3":                           "neither a domain nor an IP address",
		"sip:a_b.example":                     "neither a domain nor an IP address",
		"sip:" + strings.Repeat("a.", 130):    "neither a domain nor an IP address",
		"sip:pbx;transport=sctp":              "transport that callbook does not know",
		"sip:pbx;transport":                   "transport that callbook does not know",
		"sip:pbx;lr":                          "a parameter that callbook does not know",
		"sip:pbx;transport=udp;transport=tcp": "or one twice",
		"sips:pbx;transport=udp":              "over TLS and not over UDP",
	} {
		before := Trunk{Host: "kept", Port: 7, Transport: TCP}
		got := before
		err := got.SetAddress(uri)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", uri, err, want)
		}
		if got.Address() != before.Address() {
			t.Errorf("%q: it has changed to %s", uri, got.Address())
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"sip:pbx.example.com:5060;transport=udp", "sips:[2001:db8::1]:5061", "sip:1.2.3.4;transport=tls", "sip:a@b?c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		got := Defaults("fuzz")
		if err := got.SetAddress(uri); err != nil {
			if fault.As(err) == nil {
				t.Errorf("%q: %v is no fault", uri, err)
			}
			return
		}
		if err := got.Check(); err != nil {
			t.Errorf("%q was read and is refused: %v", uri, err)
		}
		var again Trunk
		if err := again.SetAddress(got.Address()); err != nil || again.Host != got.Host || again.Port != got.Port || again.Transport != got.Transport {
			t.Errorf("%q became %s, and that %s, %v", uri, got.Address(), again.Address(), err)
		}
	})
}

// whole returns a trunk that has everything.
func whole() *Trunk {
	t := Defaults("exotel-mumbai")
	t.Host, t.Port, t.Transport, t.Rank = "trunk.example.in", 5061, TLS, 3
	t.User, t.Password = "acme", "s3cret-ü"
	t.CallerIDs, t.Prefixes, t.Format = []string{"+918047112233"}, []string{"+91", "+1212"}, National
	t.Codecs, t.SRTP, t.Symmetric, t.Register = []Codec{PCMU}, true, true, true
	t.Outcomes = []OutcomeRow{{480, 0, "busy"}, {480, 18, "no-answer"}, {0, 17, "invalid"}}
	return t
}

func TestCheck(t *testing.T) {
	t.Parallel()
	if err := whole().Check(); err != nil {
		t.Fatal(err)
	}
	many := func(n int, form string) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf(form, i))
		}
		return all
	}
	for want, spoil := range map[string]func(*Trunk){
		"name has 1 to 64":                 func(t *Trunk) { t.Name = "a b" },
		"has no host":                      func(t *Trunk) { t.Host = "" },
		"the port is 65536":                func(t *Trunk) { t.Port = 65536 },
		"must be udp, tcp or tls":          func(t *Trunk) { t.Transport = "ws" },
		"the rank is -1":                   func(t *Trunk) { t.Rank = -1 },
		`the format is "e164"`:             func(t *Trunk) { t.Format = "e164" },
		"calls a second are 0":             func(t *Trunk) { t.CallsASecond = 0 },
		"calls a second are 1001":          func(t *Trunk) { t.CallsASecond = 1001 },
		"channels are 10001":               func(t *Trunk) { t.Channels = 10_001 },
		"the user has a character":         func(t *Trunk) { t.User = "acme@trunk" },
		"the password has a control":       func(t *Trunk) { t.Password = "a\nb" },
		"a password and no user":           func(t *Trunk) { t.User, t.Register = "", false },
		"registers with needs a user":      func(t *Trunk) { t.User = "" },
		"at most 100 caller ids":           func(t *Trunk) { t.CallerIDs = many(101, "+9180471%05d") },
		`caller id "08047112233" is no`:    func(t *Trunk) { t.CallerIDs = []string{"08047112233"} },
		"+918047112233 is given twice":     func(t *Trunk) { t.CallerIDs = append(t.CallerIDs, t.CallerIDs[0]) },
		"at most 100 prefixes":             func(t *Trunk) { t.Prefixes = many(101, "+9%d") },
		`the prefix "91" does not begin`:   func(t *Trunk) { t.Prefixes = []string{"91"} },
		"the prefix +91 is given twice":    func(t *Trunk) { t.Prefixes = []string{"+91", "+91"} },
		"needs a codec":                    func(t *Trunk) { t.Codecs = nil },
		`the codec "opus" is not`:          func(t *Trunk) { t.Codecs = []Codec{"opus"} },
		"the codec pcma is given twice":    func(t *Trunk) { t.Codecs = []Codec{PCMA, PCMA} },
		"480=failed is given twice":        func(t *Trunk) { t.Outcomes = append(t.Outcomes, OutcomeRow{480, 0, "failed"}) },
		"486=completed has a word":         func(t *Trunk) { t.Outcomes = []OutcomeRow{{486, 0, "completed"}} },
		"has neither a status nor a cause": func(t *Trunk) { t.Outcomes = []OutcomeRow{{0, 0, "busy"}} },
	} {
		spoilt := whole()
		spoil(spoilt)
		if err := spoilt.Check(); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the fault shows the password: %v", err)
		}
	}
}

func TestParseOutcome(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"480=busy", "480/18=no-answer", "*/17=invalid", "603=failed"} {
		if row, err := ParseOutcome(text); err != nil || row.String() != text {
			t.Errorf("%s: got %s, %v", text, row, err)
		}
	}
	for _, text := range []string{"", "480", "=busy", "480=", "480=completed", "200=busy", "700=busy", "0=busy", "*=busy", "480/0=busy", "480/128=busy", "480/=busy", "0480=busy", "busy=480"} {
		if row, err := ParseOutcome(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got %+v, %v", text, row, err)
		}
	}
}

// TestNoPassword: nothing that is made of a trunk shows its password.
func TestNoPassword(t *testing.T) {
	t.Parallel()
	w := whole()
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "a", w, "b", *w, "c", []Trunk{*w})
	text, err := json.Marshal([]any{w, *w, log.String(), string(w.encode()),
		fmt.Sprintf("%v %+v %#v %s %q %v %+v %#v %v", w, w, w, w, w, *w, *w, *w, []Trunk{*w})})
	if err != nil || strings.Contains(string(text), "s3cret") || !strings.Contains(log.String(), "exotel-mumbai") {
		t.Errorf("%s, %v", text, err)
	}
}
