package callflow

import (
	"cmp"
	"net/http"
	"strings"
	"time"
)

// Run is one call's way through a flow. The carrier does what an [Action] says and
// tells what came of it, until it is to hang up. A Run is used by one goroutine at a
// time.
type Run struct {
	flow *Flow
	at   string // the step that waits for an [Input]
	try  int    // of a Gather, from 1 on
	// Digits are all keys that were read, in their order, and Mark the word of the last
	// step of the kind Mark.
	Digits, Mark string
	// Suppressed says that the callee asked not to be called again.
	Suppressed bool
	fetched    bool // what the URL of the step answered is being played
	moves      int
}

// maxMoves bounds the steps of one call, whatever keys are pressed.
const maxMoves = 1000

// Action is what the carrier is to do next. Exactly one of its parts is set.
type Action struct {
	Play   *Sound // play it, and then call [Run.Next] with a zero Input
	Gather *Keys  // play its sound, read keys, and tell them
	Fetch  *URL   // ask a URL, and tell its answer
	HangUp bool
}

// Sound is something to be heard: a text to be said, a prompt by its name, or URLs of
// audio files.
type Sound struct {
	Text   string
	Prompt string
	URLs   []string
}

// Keys says which keys to read. A key interrupts the sound.
type Keys struct {
	Sound
	Most    int           // keys
	Timeout time.Duration // for the first key after the sound, and for each after a key
	Finish  string        // the key that ends them, or ""
}

// URL is one to ask by GET, with the parameters of the platform.
type URL struct {
	URL string
	// Play says that the answer is to be heard: its text, or its audio files, one URL a
	// line.
	Play bool
}

// Input is what came of an [Action].
type Input struct {
	Digits string // read by a Gather; "" when none was pressed
	// Status is that of a URL's answer, and Body the beginning of its text; a Status of
	// 0 is a failure.
	Status int
	Body   string
}

// Begin returns a run of the flow, and its first action.
func Begin(f *Flow) (*Run, Action) {
	r := &Run{flow: f}
	return r, r.enter(f.Start)
}

// Next tells the run what came of its last action, and returns the next one.
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
			r.fetched = true
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

// enter goes on to a step, and through those that the carrier has nothing to do for.
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
			return Action{Play: &Sound{Text: step.Text, Prompt: step.Prompt}}
		case Gather:
			return r.ask(&step)
		case Fetch:
			return Action{Fetch: &URL{URL: step.URL, Play: true}}
		case Ask:
			return Action{Fetch: &URL{URL: step.URL}}
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

// ask asks for keys.
func (r *Run) ask(step *Step) Action {
	return Action{Gather: &Keys{
		Sound: Sound{Text: step.Text, Prompt: step.Prompt}, Most: step.Digits,
		Timeout: time.Duration(cmp.Or(step.Timeout, DefaultTimeout)) * time.Second, Finish: step.Finish,
	}}
}

// gathered goes where keys lead.
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

// soundOf reads what a URL has answered: URLs of audio files, one a line, or a text to
// be said. Nil is silence.
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
