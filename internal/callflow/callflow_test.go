package callflow

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"callbook/internal/fault"
)

// survey is a flow with every kind of step.
const survey = `{"start": "hello", "steps": {
	"hello": {"kind": "fetch", "url": "https://app.example.in/greeting", "next": "menu", "failed": "plain"},
	"plain": {"kind": "say", "text": "Good day.", "next": "menu"},
	"menu": {"kind": "gather", "text": "Press 1 for yes, 2 for a person, 9 never to be called again.", "digits": 1, "tries": 2,
		"branches": {"1": "yes", "2": "ask", "9": "never"}, "silent": "bye", "wrong": "menu2"},
	"menu2": {"kind": "gather", "prompt": "again", "digits": 4, "finish": "#", "next": "yes", "silent": "bye", "wrong": "bye"},
	"yes": {"kind": "mark", "word": "yes", "next": "bye"},
	"ask": {"kind": "ask", "url": "https://app.example.in/open", "next": "menu2", "other": "bye", "failed": "bye"},
	"never": {"kind": "suppress", "next": "bye"},
	"bye": {"kind": "say", "text": "Goodbye."}}}`

func parse(t *testing.T, text string) *Flow {
	t.Helper()
	f := new(Flow)
	if err := json.Unmarshal([]byte(text), f); err != nil {
		t.Fatal(err)
	}
	return f
}

// describe says an action in a word or two.
func describe(a Action) string {
	sound := func(s Sound) string { return s.Text + s.Prompt + strings.Join(s.URLs, " ") }
	switch {
	case a.Play != nil:
		return "play " + sound(*a.Play)
	case a.Gather != nil:
		return fmt.Sprintf("read %d after %s", a.Gather.Most, sound(a.Gather.Sound))
	case a.Fetch != nil:
		return "get " + a.Fetch.URL
	}
	return "hang up"
}

// TestRun walks through flows.
func TestRun(t *testing.T) {
	t.Parallel()
	const menu = "read 1 after Press 1 for yes, 2 for a person, 9 never to be called again."
	greeted := Input{Status: http.StatusOK}
	for name, tt := range map[string]struct {
		flow         string
		inputs       []Input
		want         []string
		digits, mark string
		suppressed   bool
	}{
		"yes": {survey, []Input{{Status: 200, Body: "Hello Asha"}, {}, {Digits: "1"}, {}},
			[]string{"get https://app.example.in/greeting", "play Hello Asha", menu, "play Goodbye.", "hang up"}, "1", "yes", false},
		"audio": {survey, []Input{{Status: 200, Body: "https://a.example/1.wav\r\nhttps://a.example/2.wav\n"}, {}},
			[]string{"get https://app.example.in/greeting", "play https://a.example/1.wav https://a.example/2.wav", menu}, "", "", false},
		"the greeting fails": {survey, []Input{{}, {}},
			[]string{"get https://app.example.in/greeting", "play Good day.", menu}, "", "", false},
		"silence": {survey, []Input{greeted, {}, {}, {}},
			[]string{"get https://app.example.in/greeting", menu, menu, "play Goodbye.", "hang up"}, "", "", false},
		"wrong keys": {survey, []Input{greeted, {Digits: "5"}, {Digits: "6"}, {Digits: "12#"}, {}},
			[]string{"get https://app.example.in/greeting", menu, menu, "read 4 after again", "play Goodbye.", "hang up"}, "5612", "yes", false},
		"another branch": {survey, []Input{greeted, {Digits: "2"}, {Status: 302}, {}},
			[]string{"get https://app.example.in/greeting", menu, "get https://app.example.in/open", "play Goodbye.", "hang up"}, "2", "", false},
		"going on": {survey, []Input{greeted, {Digits: "2"}, {Status: 200}},
			[]string{"get https://app.example.in/greeting", menu, "get https://app.example.in/open", "read 4 after again"}, "2", "", false},
		"never again": {survey, []Input{greeted, {Digits: "9"}, {}},
			[]string{"get https://app.example.in/greeting", menu, "play Goodbye.", "hang up"}, "9", "", true},
	} {
		f := parse(t, tt.flow)
		if err := f.Check(); err != nil {
			t.Fatal(err)
		}
		run, action := Begin(f)
		got := []string{describe(action)}
		for _, in := range tt.inputs {
			got = append(got, describe(run.Next(in)))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
		if run.Digits != tt.digits || run.Mark != tt.mark || run.Suppressed != tt.suppressed {
			t.Errorf("%s: got digits %q, mark %q, suppressed %v", name, run.Digits, run.Mark, run.Suppressed)
		}
	}
}

// TestMenu: the flows of campaigns without a flow of their own.
func TestMenu(t *testing.T) {
	t.Parallel()
	for _, f := range []*Flow{Greeting("Good day."), Menu("Press a key.", 2)} {
		if err := f.Check(); err != nil {
			t.Error(err)
		}
	}
	run, action := Begin(Menu("Press a key.", 2))
	for range 3 {
		if action.Gather == nil || action.Gather.Text != "Press a key." || action.Gather.Timeout != DefaultTimeout*time.Second {
			t.Fatalf("got %+v", action)
		}
		action = run.Next(Input{})
	}
	if !action.HangUp {
		t.Errorf("after three silences: %+v", action)
	}
	run, _ = Begin(Menu("Press a key.", 2))
	if run.Next(Input{Digits: "7"}); run.Digits != "7" {
		t.Errorf("the key is %q", run.Digits)
	}
}

// TestAsked: a call that goes round through a URL asks it a bounded number of times, and
// then goes where a failure leads.
func TestAsked(t *testing.T) {
	t.Parallel()
	f := parse(t, `{"start": "menu", "steps": {
		"menu": {"kind": "gather", "text": "Again?", "digits": 1, "branches": {"1": "ask"}},
		"ask": {"kind": "ask", "url": "https://app.example.in/", "next": "menu", "other": "menu", "failed": "sorry"},
		"sorry": {"kind": "mark", "word": "too often"}}}`)
	if err := f.Check(); err != nil {
		t.Fatal(err)
	}
	run, action := Begin(f)
	asked := 0
	for !action.HangUp {
		if action.Fetch != nil {
			asked++
		}
		action = run.Next(Input{Status: http.StatusOK, Digits: "1"})
	}
	if asked != maxAsked || run.Mark != "too often" {
		t.Errorf("asked %d times, and was led to %q", asked, run.Mark)
	}
}

// TestCheck refuses flows that are not right, and says at which step.
func TestCheck(t *testing.T) {
	t.Parallel()
	step := func(json string) string { return `{"start": "a", "steps": {"a": ` + json + `}}` }
	for flow, field := range map[string]string{
		`{}`: "",
		`{"start": "b", "steps": {"a": {"kind": "hangup"}}}`:                                                                                "",
		`{"start": "a", "steps": {"a": {"kind": "hangup"}, "b": {"kind": "hangup"}}}`:                                                       "b",
		`{"start": "a", "steps": {"a": {"kind": "say", "text": "x", "next": "b"}, "b": {"kind": "say", "text": "y", "next": "a"}}}`:         "a",
		`{"start": "a", "steps": {"a": {"kind": "gather", "text": "x", "digits": 1, "silent": "a"}}}`:                                       "a",
		`{"start": "a", "steps": {"a": {"kind": "ask", "url": "http://x.example", "failed": "b"}, "b": {"kind": "suppress", "next": "a"}}}`: "a",
		step(`{"kind": "sing"}`):                                                                            "a",
		step(`{"kind": "say"}`):                                                                             "a",
		step(`{"kind": "say", "text": "x", "prompt": "y"}`):                                                 "a",
		step(`{"kind": "say", "prompt": "../y"}`):                                                           "a",
		step(`{"kind": "say", "text": "x", "next": "nowhere"}`):                                             "a",
		step(`{"kind": "gather", "text": "x"}`):                                                             "a",
		step(`{"kind": "gather", "text": "x", "digits": 21}`):                                               "a",
		step(`{"kind": "gather", "text": "x", "digits": 1, "branches": {"12": ""}}`):                        "a",
		step(`{"kind": "gather", "text": "x", "digits": 1, "branches": {"a": ""}}`):                         "a",
		step(`{"kind": "gather", "text": "x", "digits": 2, "finish": "##"}`):                                "a",
		step(`{"kind": "gather", "text": "x", "digits": 1, "tries": 7}`):                                    "a",
		step(`{"kind": "gather", "text": "x", "digits": 1, "timeout": 61}`):                                 "a",
		step(`{"kind": "ask", "url": "ftp://x.example"}`):                                                   "a",
		step(`{"kind": "fetch", "url": "x"}`):                                                               "a",
		step(`{"kind": "mark"}`):                                                                            "a",
		step(`{"kind": "hangup", "text": "Bye."}`):                                                          "a",
		step(`{"kind": "say", "text": "x", "branches": {"1": ""}}`):                                         "a",
		step(`{"kind": "gather", "text": "x", "digits": 4, "branches": {` + branches(MaxBranches+1) + `}}`): "a",
	} {
		err := parse(t, flow).Check()
		if f := fault.As(err); f == nil || f.Kind != fault.Invalid || string(f.Field) != field {
			t.Errorf("%s: got %v, want a fault of step %q", flow, err, field)
		}
	}
	// A fault does not repeat what is longer than any name.
	long := strings.Repeat("x", 100_000)
	for _, text := range []string{step(`{"kind": "` + long + `"}`), step(`{"kind": "say", "text": "x", "next": "` + long + `"}`), `{"start": "` + long + `", "steps": {"a": {"kind": "hangup"}}}`} {
		if err := parse(t, text).Check(); err == nil || len(err.Error()) > 500 {
			t.Errorf("got %.600v", err)
		}
	}
	// A key may lead back.
	if err := parse(t, step(`{"kind": "gather", "text": "x", "digits": 1, "branches": {"1": "a"}, "wrong": "a"}`)).Check(); err != nil {
		t.Error(err)
	}
}

// branches is the JSON of this many branches.
func branches(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"%04d": ""`, i)
	}
	return strings.Join(keys, ",")
}

// FuzzFlow: a flow that is right comes to its end whatever the callee does, in a bounded
// number of actions.
func FuzzFlow(f *testing.F) {
	f.Add(survey, []byte("1259"))
	f.Add(`{"start":"a","steps":{"a":{"kind":"gather","text":"x","digits":1,"branches":{"1":"a"}}}}`, []byte("1111"))
	f.Fuzz(func(t *testing.T, text string, inputs []byte) {
		flow := new(Flow)
		if json.Unmarshal([]byte(text), flow) != nil || flow.Check() != nil {
			return
		}
		run, action := Begin(flow)
		for i := 0; !action.HangUp; i++ {
			if i > 2*maxMoves {
				t.Fatalf("the call does not end: %s", text)
			}
			in := Input{Status: 200}
			if len(inputs) > 0 {
				b := inputs[i%len(inputs)]
				in = Input{Digits: string("0123456789*#"[b%12]), Status: []int{0, 200, 302}[b%3], Body: "hello"}
			}
			action = run.Next(in)
		}
	})
}
