package callflow

import (
	"cmp"
	"net/http"
	"strings"
	"time"
)

// Run is the execution of a flow on one call. The carrier does what an [Action] says and
// passes the result to [Run.Next], until the action is to hang up. It is not safe for
// concurrent use.
type Run struct {
	flow *Flow
	at   string // the current step, which waits for an [Input]
	try  int    // tries of a Gather, from 1
	// Digits are all keys so far, in their order. Mark is the word of the last Mark step.
	Digits, Mark string
	// Suppressed means that the callee asked not to be called again.
	Suppressed bool
	fetched    bool // the carrier is playing the answer of the step's URL
	moves      int
	asked      int // how often a URL was asked
}

// maxMoves bounds the steps of a call.
const maxMoves = 1000

// maxAsked is how often one call asks URLs, so that a menu which leads to a URL and back
// does not send its program a thousand requests for a call. Beyond it, each URL fails.
const maxAsked = 50

// Action is the next task of the carrier. Exactly one of its fields is set.
type Action struct {
	Play   *Sound // play it, then call [Run.Next] with a zero Input
	Gather *Keys  // play its sound, read keys, and pass them on
	Fetch  *URL   // request a URL, and pass its answer on
	HangUp bool
}

// Sound is what the callee hears: a text to speak, a prompt by its name, or the URLs of
// audio files.
type Sound struct {
	Text   string
	Prompt string
	URLs   []string
	// Language is that of [Flow].
	Language string
}

// same reports whether both are the same text or prompt.
func (s *Sound) same(t Sound) bool {
	return s.Text == t.Text && s.Prompt == t.Prompt && s.Language == t.Language
}

// Keys tells which keys to read. A key interrupts the sound.
type Keys struct {
	Sound
	Most    int           // the most keys to read
	Timeout time.Duration // for the first key after the sound, and for each further key
	Finish  string        // the key that ends the input, or ""
}

// URL is a URL to GET, with Exotel's parameters.
type URL struct {
	URL string
	// Play means that the callee will hear the answer: a text, or audio files with one
	// URL per line.
	Play bool
}

// Input is the result of an [Action].
type Input struct {
	Digits string // of a Gather; "" means none
	// Status is the status of a URL's answer, or 0 if the request has failed. Body is the
	// beginning of its text.
	Status int
	Body   string
}

// Begin returns a Run of the flow and its first action.
func Begin(f *Flow) (*Run, Action) {
	r := &Run{flow: f}
	return r, r.enter(f.Start)
}

// Next passes the result of the last action to the run, and returns the next action.
func (r *Run) Next(in Input) Action {
	step, ok := r.flow.Steps[r.at]
	if !ok {
		return Action{HangUp: true}
	}
	switch step.Kind {
	case Gather:
		return r.gathered(&step, in.Digits)
	case Fetch:
		if !r.fetched && in.Status != http.StatusOK {
			return r.enter(step.Failed)
		}
		if sound := soundOf(in.Body); !r.fetched && sound != nil {
			r.fetched, sound.Language = true, r.flow.Language
			return Action{Play: sound}
		}
		return r.enter(step.Next)
	case Ask:
		switch in.Status {
		case http.StatusOK:
			return r.enter(step.Next)
		case http.StatusFound:
			return r.enter(step.Other)
		}
		return r.enter(step.Failed)
	}
	return r.enter(step.Next)
}

// enter enters a step. It executes steps without a task for the carrier itself, and goes
// on to the next one.
func (r *Run) enter(name string) Action {
	for r.moves < maxMoves {
		r.moves++
		step, ok := r.flow.Steps[name]
		if !ok {
			break
		}
		r.at, r.try, r.fetched = name, 1, false
		switch step.Kind {
		case Say:
			return Action{Play: &Sound{Text: step.Text, Prompt: step.Prompt, Language: r.flow.Language}}
		case Gather:
			return r.ask(&step)
		case Fetch, Ask:
			if r.asked++; r.asked <= maxAsked {
				return Action{Fetch: &URL{URL: step.URL, Play: step.Kind == Fetch}}
			}
			name = step.Failed
			continue
		case Mark:
			r.Mark = step.Word
		case Suppress:
			r.Suppressed = true
		default:
			return Action{HangUp: true}
		}
		name = step.Next
	}
	r.at = ""
	return Action{HangUp: true}
}

// ask returns the action that reads keys.
func (r *Run) ask(step *Step) Action {
	return Action{Gather: &Keys{
		Sound: Sound{Text: step.Text, Prompt: step.Prompt, Language: r.flow.Language}, Most: step.Digits,
		Timeout: time.Duration(cmp.Or(step.Timeout, DefaultTimeout)) * time.Second, Finish: step.Finish,
	}}
}

// gathered enters the step to which the keys lead, or asks again.
func (r *Run) gathered(step *Step, digits string) Action {
	if step.Finish != "" {
		digits, _, _ = strings.Cut(digits, step.Finish)
	}
	digits = digits[:min(len(digits), step.Digits)]
	r.Digits += digits
	to, right := step.Branches[digits]
	if !right && digits != "" && step.Next != "" {
		to, right = step.Next, true
	}
	if right && digits != "" {
		return r.enter(to)
	}
	if r.try < max(1, step.Tries) && r.moves < maxMoves {
		r.try++
		r.moves++
		return r.ask(step)
	}
	if digits == "" {
		return r.enter(step.Silent)
	}
	return r.enter(step.Wrong)
}

// soundOf returns the sound of a URL's answer: audio files if each line is a URL, or else
// a text. It returns nil for an empty answer.
func soundOf(body string) *Sound {
	text := strings.TrimSpace(strings.ToValidUTF8(body, ""))
	if text == "" {
		return nil
	}
	var urls []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "http://") && !strings.HasPrefix(line, "https://") {
			if line != "" {
				return &Sound{Text: text}
			}
			continue
		}
		urls = append(urls, line)
	}
	return &Sound{URLs: urls}
}
