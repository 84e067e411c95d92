// Package callflow knows what is heard on an answered call, and what happens when the
// callee presses keys. A [Flow] is data; a [Run] walks through it, and tells a carrier
// what to play, what to read and what to ask. The package makes no sound and sends
// nothing.
package callflow

import "time"

// Flow is a tree of steps that begins at Start. Steps may lead back to others, when a
// key of the callee does.
type Flow struct {
	Start string          `json:"start"`
	Steps map[string]Step `json:"steps"` // by their names
}

// Step is one step of a flow. Kind says which of its fields count. The fields that name
// steps may be empty: then the call ends there.
type Step struct {
	Kind Kind `json:"kind"`
	// Text is said, by steps of the kinds Say and Gather. It may have variables, as
	// "@@first_name". Prompt is played in its place when it is set: the name of a
	// recording.
	Text   string `json:"text,omitempty"`
	Prompt string `json:"prompt,omitempty"`
	Next   string `json:"next,omitempty"`

	// These are of Gather. Keys ends early at Finish, a key that is not part of them,
	// as "#".
	Digits  int    `json:"digits,omitempty"`  // how many keys are read at most
	Timeout int    `json:"timeout,omitempty"` // seconds to wait for a key
	Tries   int    `json:"tries,omitempty"`   // how often it is asked in all
	Finish  string `json:"finish,omitempty"`
	// Branches are the steps that keys lead to. Keys that are in none are wrong,
	// unless Next is set: it is where all others lead.
	Branches map[string]string `json:"branches,omitempty"`
	// Silent is where no key leads, and Wrong where wrong ones lead, after the last try.
	Silent string `json:"silent,omitempty"`
	Wrong  string `json:"wrong,omitempty"`

	// URL is asked by Fetch and Ask. Failed is where a failure leads, and Other where an
	// answer of Ask with the status 302 does.
	URL    string `json:"url,omitempty"`
	Other  string `json:"other,omitempty"`
	Failed string `json:"failed,omitempty"`

	Word string `json:"word,omitempty"` // of Mark
}

// Kind says what a step does.
type Kind string

// The kinds of steps.
const (
	Say      Kind = "say"      // says a text or plays a prompt, then Next
	Fetch    Kind = "fetch"    // plays what a URL answers, then Next
	Gather   Kind = "gather"   // says a text and reads keys
	Mark     Kind = "mark"     // notes a word for the report, then Next
	Ask      Kind = "ask"      // goes where a URL's answer says
	Suppress Kind = "suppress" // asks never to call the number again, then Next
	HangUp   Kind = "hangup"   // ends the call
)

// The limits of flows.
const (
	MaxSteps   = 200
	MaxDigits  = 20
	MaxTimeout = 60 // seconds
	MaxTries   = 6
	MaxWord    = 64 // characters
	MaxText    = 3000
	MaxURL     = 2048 // bytes

	DefaultTimeout = 5
)

// FetchTimeout is how long a URL may take to answer. The callee hears nothing meanwhile.
const FetchTimeout = 5 * time.Second

// Greeting returns the flow of a campaign that says a text and hangs up.
func Greeting(text string) *Flow {
	return &Flow{Start: "text", Steps: map[string]Step{"text": {Kind: Say, Text: text}}}
}

// Menu returns the flow of a campaign that says a text, and says it again so often
// until a key is pressed.
func Menu(text string, again int) *Flow {
	return &Flow{Start: "menu", Steps: map[string]Step{
		"menu": {Kind: Gather, Text: text, Digits: 1, Timeout: DefaultTimeout, Tries: 1 + again, Next: "end"},
		"end":  {Kind: HangUp},
	}}
}
