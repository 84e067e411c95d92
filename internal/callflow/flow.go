// Package callflow decides what the callee hears on an answered call, and what the keys
// do. A [Flow] is data. A [Run] executes it: it tells a carrier what to play, which keys
// to read and which URL to request. The package itself plays nothing and makes no
// requests.
package callflow

import (
	"slices"
	"time"
)

// Flow is a tree of steps that begins at Start. Keys of the callee may lead back to
// earlier steps.
type Flow struct {
	Start string          `json:"start"`
	Steps map[string]Step `json:"steps"` // by name
	// Language is the BCP 47 code of the language in which the call speaks texts; ""
	// means that the script of each text decides. A campaign sets it.
	Language string `json:"-"`
}

// Step is a step of a flow. Kind tells which fields it uses. A field for the name of a
// step may be "": then the call ends there.
type Step struct {
	Kind Kind `json:"kind"`
	// Say and Gather speak Text. It may contain variables such as "@@first_name". If
	// Prompt, the name of a recording, is set, they play that instead.
	Text   string `json:"text,omitempty"`
	Prompt string `json:"prompt,omitempty"`
	Next   string `json:"next,omitempty"`

	// Gather uses these fields. The key Finish ends the input early, for example "#".
	Digits  int    `json:"digits,omitempty"`  // the most keys to read
	Timeout int    `json:"timeout,omitempty"` // seconds to wait for a key
	Tries   int    `json:"tries,omitempty"`   // how often to ask in total
	Finish  string `json:"finish,omitempty"`
	// Branches maps keys to steps. Other keys lead to Next, or are wrong if that is "".
	Branches map[string]string `json:"branches,omitempty"`
	// After the last try, Silent follows if there were no keys, and Wrong if they were
	// wrong.
	Silent string `json:"silent,omitempty"`
	Wrong  string `json:"wrong,omitempty"`

	// Fetch and Ask request URL. Failed follows if that fails. Other follows Ask if the
	// answer has status 302.
	URL    string `json:"url,omitempty"`
	Other  string `json:"other,omitempty"`
	Failed string `json:"failed,omitempty"`

	Word string `json:"word,omitempty"` // used by Mark
}

// Kind is what a step does.
type Kind string

// The kinds of steps.
const (
	Say      Kind = "say"      // speaks a text or plays a prompt, then Next
	Fetch    Kind = "fetch"    // plays the answer of a URL, then Next
	Gather   Kind = "gather"   // speaks a text and reads keys
	Mark     Kind = "mark"     // puts a word into the report, then Next
	Ask      Kind = "ask"      // branches by the status of a URL's answer
	Suppress Kind = "suppress" // suppresses the callee's number for future calls, then Next
	HangUp   Kind = "hangup"   // ends the call
)

// The limits of flows.
const (
	MaxSteps   = 200
	MaxDigits  = 20
	MaxTimeout = 60 // seconds
	MaxTries   = 6
	MaxWord    = 64 // characters
	// MaxBranches bounds the branches of a Gather by keys. A page has a row for each.
	MaxBranches = 100
	MaxText     = 3000 // characters
	MaxURL      = 2048 // bytes

	DefaultTimeout = 5 // seconds
)

// FetchTimeout bounds the time of a request. The callee hears nothing while it lasts.
const FetchTimeout = 5 * time.Second

// Asks reports whether the flow requests URLs.
func (f *Flow) Asks() bool {
	for _, step := range f.Steps {
		if step.Kind == Fetch || step.Kind == Ask {
			return true
		}
	}
	return false
}

// Sounds returns the distinct sounds of the flow's steps, without those that URLs return. A
// nil flow has none.
func (f *Flow) Sounds() (sounds []Sound) {
	if f == nil {
		return nil
	}
	for _, step := range f.inOrder() {
		if s := f.soundOf(step); s != nil && !slices.ContainsFunc(sounds, s.same) {
			sounds = append(sounds, *s)
		}
	}
	return sounds
}

// Plays reports whether a step of the flow plays the sound.
func (f *Flow) Plays(s Sound) bool { return slices.ContainsFunc(f.Sounds(), s.same) }

// soundOf returns what a step plays, or nil.
func (f *Flow) soundOf(s *Step) *Sound {
	if s.Kind != Say && s.Kind != Gather || s.Text == "" && s.Prompt == "" {
		return nil
	}
	return &Sound{Text: s.Text, Prompt: s.Prompt, Language: f.Language}
}

// In returns the flow with its texts spoken in a language; "" changes nothing. F may be
// nil.
func (f *Flow) In(language string) *Flow {
	if f == nil || language == "" {
		return f
	}
	spoken := *f
	spoken.Language = language
	return &spoken
}

// Greeting returns a flow that says a text and hangs up.
func Greeting(text string) *Flow {
	return &Flow{Start: "text", Steps: map[string]Step{"text": {Kind: Say, Text: text}}}
}

// Menu returns a flow that says a text, and repeats it up to again times until the callee
// presses a key.
func Menu(text string, again int) *Flow {
	return &Flow{Start: "menu", Steps: map[string]Step{
		"menu": {Kind: Gather, Text: text, Digits: 1, Timeout: DefaultTimeout, Tries: 1 + again, Next: "end"},
		"end":  {Kind: HangUp},
	}}
}
