package flows

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"callbook/internal/callflow"
	"callbook/internal/callflow/library"
	"callbook/internal/prompt"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

func plural(n int, one, many string) string { return words.Plural(n, one, many) }

// stepForm is the data of the template step.html, the form of a step.
type stepForm struct {
	Flow   *library.Flow
	Path   string // the flow's URL
	Action string
	Name   string // the step's name, or "" for a new step
	Kind   callflow.Kind
	Label  string
	At     string // the branch at which it is added
	Branch string
	Fields []shell.Field
	Voice  bool // the text can be heard
	// Keys are the branches of a Gather step.
	Keys      []keyRow
	KeysError string
	Targets   []shell.Option
	Then      []then
	Was       string // the step with which the form was loaded
	Error     string
	Theirs    string   // the step after another person's change
	Orphan    []string // steps to which nothing would lead
	Lost      []string // steps that are deleted with this one
}

// keyRow is a branch for keys.
type keyRow struct{ Keys, To string }

// then is a field for the step to which a branch leads.
type then struct {
	shell.Field
	Add string // the URL of the form that adds a step there
}

// spareKeys is the number of empty branches in a form.
const spareKeys = 3

// form returns the form of a step.
func (room *Room) form(r *http.Request, f *library.Flow, name string, s *callflow.Step) (*stepForm, error) {
	d := &stepForm{Flow: f, Path: flowPath(f.Name), Name: name, Kind: s.Kind, Label: labelOf(s.Kind), Targets: []shell.Option{{Value: "", Label: "The call ends"}}}
	for _, other := range slices.Sorted(maps.Keys(f.Steps)) {
		step := f.Steps[other]
		d.Targets = append(d.Targets, shell.Option{Value: other, Label: titleOf(other, &step)})
	}
	switch s.Kind {
	case callflow.Say, callflow.Gather:
		d.Voice = room.Voice
		recordings, err := room.recordings(r, s.Prompt)
		if err != nil {
			return nil, err
		}
		d.Fields = append(d.Fields,
			shell.Field{Name: "text", Label: "What is said", Depends: true, Type: "textarea", Value: s.Text, MaxLength: callflow.MaxText, Hint: "@@first_name stands for the contact's first name; last_name, company_name, email, tag and custom fields work too."},
			shell.Field{Name: "prompt", Label: "Or a recording", Type: "select", Value: s.Prompt, Options: recordings})
	case callflow.Fetch:
		d.Fields = append(d.Fields, shell.Field{Name: "url", Label: "URL", Value: s.URL, Required: true, Mono: true, Placeholder: "https://", Hint: "What it answers is heard: a text is said, and URLs of audio files, one a line, are played."})
	case callflow.Ask:
		d.Fields = append(d.Fields, shell.Field{Name: "url", Label: "URL", Value: s.URL, Required: true, Mono: true, Placeholder: "https://", Hint: "It gets the call's number and keys. The status of its answer says where the call goes."})
	case callflow.Mark:
		d.Fields = append(d.Fields, shell.Field{Name: "word", Label: "Word", Value: s.Word, Required: true, MaxLength: callflow.MaxWord, Hint: "It stands in the report, as “confirmed”."})
	}
	if s.Kind == callflow.Gather {
		d.Fields = append(d.Fields,
			shell.Field{Name: "digits", Label: "How many keys", Value: strconv.Itoa(cmp.Or(s.Digits, 1)), InputMode: "numeric", Required: true, Hint: "At most. 1 to 20."},
			shell.Field{Name: "tries", Label: "How often it is asked", Value: strconv.Itoa(cmp.Or(s.Tries, 1)), InputMode: "numeric", Required: true, Hint: "1 to 6 times in all."},
			shell.Field{Name: "timeout", Label: "Seconds to wait for a key", Value: strconv.Itoa(cmp.Or(s.Timeout, callflow.DefaultTimeout)), InputMode: "numeric", Required: true},
			shell.Field{Name: "finish", Label: "Key that ends them", Value: s.Finish, MaxLength: 1, Hint: "As #. Empty: none."})
		for _, key := range slices.Sorted(maps.Keys(s.Branches)) {
			d.Keys = append(d.Keys, keyRow{key, s.Branches[key]})
		}
		d.Keys = append(d.Keys, make([]keyRow, spareKeys)...)
	}
	for _, t := range thens[s.Kind] {
		t.Value, t.Type, t.Options = target(&callflow.Flow{Steps: map[string]callflow.Step{"": *s}}, "", t.Name), "select", d.Targets
		row := then{Field: t}
		if name != "" {
			row.Add = d.Path + "/add?" + url.Values{"at": {name}, "branch": {t.Name}}.Encode()
		}
		d.Then = append(d.Then, row)
	}
	return d, nil
}

// thens are the branches of each kind of step.
var thens = map[callflow.Kind][]shell.Field{
	callflow.Say:      {{Name: "next", Label: "Then"}},
	callflow.Mark:     {{Name: "next", Label: "Then"}},
	callflow.Suppress: {{Name: "next", Label: "Then"}},
	callflow.Fetch:    {{Name: "next", Label: "Then"}, {Name: "failed", Label: "When the URL fails"}},
	callflow.Ask:      {{Name: "next", Label: "When it answers 200"}, {Name: "other", Label: "When it answers 302"}, {Name: "failed", Label: "When it fails"}},
	callflow.Gather:   {{Name: "next", Label: "Any other key", Hint: "With “The call ends”, other keys are wrong."}, {Name: "wrong", Label: "After wrong keys"}, {Name: "silent", Label: "When no key is pressed"}},
}

// recordings returns the options of a field for a recording, including the chosen one.
func (room *Room) recordings(r *http.Request, chosen string) ([]shell.Option, error) {
	page, err := room.Prompts.List(r.Context(), shell.AccountOf(r), 0, prompt.MaxPrompts)
	options, there := []shell.Option{{Value: "", Label: "None: the text is said"}}, chosen == ""
	for i := range page.Prompts {
		p := &page.Prompts[i]
		label := p.Name
		if p.Title != "" {
			label += " – " + p.Title
		}
		options, there = append(options, shell.Option{Value: p.Name, Label: label}), there || p.Name == chosen
	}
	if !there {
		options = append(options, shell.Option{Value: chosen, Label: chosen})
	}
	return options, err
}

// read returns the step that the form's values describe.
func read(kind callflow.Kind, v url.Values) callflow.Step {
	get := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	number := func(name string) int {
		n, err := strconv.Atoi(get(name))
		if err != nil {
			return -1 // invalid in any field
		}
		return n
	}
	s := callflow.Step{Kind: kind}
	switch kind {
	case callflow.Say, callflow.Gather:
		s.Text, s.Prompt = strings.ReplaceAll(get("text"), "\r\n", "\n"), get("prompt")
	case callflow.Fetch, callflow.Ask:
		s.URL = get("url")
	case callflow.Mark:
		s.Word = get("word")
	}
	if kind == callflow.Gather {
		s.Digits, s.Tries, s.Timeout, s.Finish = number("digits"), number("tries"), number("timeout"), get("finish")
		for i, key := range v["key"] {
			if key = strings.TrimSpace(key); key != "" && i < len(v["to"]) {
				if s.Branches == nil {
					s.Branches = make(map[string]string)
				}
				s.Branches[key] = v["to"][i]
			}
		}
	}
	flow := callflow.Flow{Steps: map[string]callflow.Step{"": s}}
	for _, t := range thens[kind] {
		lead(&flow, "", t.Name, get(t.Name))
	}
	return flow.Steps[""]
}

// written returns a step as text, to detect changes.
func written(s callflow.Step) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic("flows: a step is not JSON") // it has only texts and numbers
	}
	return string(text)
}

// refused adds the fault of a flow to the form of one of its steps: to the field that it is
// about, or above all.
func (d *stepForm) refused(name string, err error) {
	f := mine(err)
	text := sentence(f)
	if at := string(f.Field); at != "" && at != name {
		if _, there := d.Flow.Steps[at]; there {
			text = "In the step " + at + ": " + text
		}
		d.Error = text
		return
	}
	var field string
	if of, ok := errors.AsType[*callflow.FieldError](err); ok {
		field = of.Name
	}
	if rest, ok := strings.CutPrefix(text, fmt.Sprintf("Step %q ", name)); ok {
		text = "It " + rest // whoever adds a step has not seen its name
	}
	for i := range d.Fields {
		if d.Fields[i].Name == field {
			d.Fields[i].Error = text
			return
		}
	}
	if field == "branches" {
		d.KeysError = text
		return
	}
	d.Error = text
}
