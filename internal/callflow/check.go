package callflow

import (
	"fmt"
	"iter"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"callbook/internal/fault"
)

// The valid names of steps and prompts, and the valid keys.
var (
	stepName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	promptName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
	keys       = regexp.MustCompile(`^[0-9*#]+$`)
)

// Check validates a flow. The error is an Invalid fault. Its field is the name of the
// step, or "" for the flow itself. In a valid flow, every branch leads to a step or to
// the end, and no steps repeat unless the callee presses a key.
func (f *Flow) Check() error {
	if len(f.Steps) == 0 {
		return wrong("", "A flow needs a step")
	}
	if len(f.Steps) > MaxSteps {
		return wrong("", fmt.Sprintf("A flow has at most %d steps", MaxSteps))
	}
	if _, ok := f.Steps[f.Start]; !ok {
		return wrong("", fmt.Sprintf("The flow starts with %s, and there is no such step: add it, or name another", quote(f.Start)))
	}
	for name, step := range f.inOrder() {
		if !stepName.MatchString(name) {
			return wrong(name, fmt.Sprintf("%s is no name of a step: use letters, digits, - and _", quote(name)))
		}
		if err := step.check(name); err != nil {
			return err
		}
		if field := step.foreign(); field != "" {
			return wrong(name, fmt.Sprintf("Step %q: a step of the kind %s has no %s; it has %s", name, step.Kind, field, strings.Join(append([]string{"kind"}, fieldsOf[step.Kind]...), ", ")))
		}
		for _, to := range step.leadsTo(true) {
			if _, ok := f.Steps[to]; to != "" && !ok {
				return wrong(name, fmt.Sprintf("Step %q leads to %s, and there is no such step: add it, or name another", name, quote(to)))
			}
		}
	}
	if cycle := f.cycle(); cycle != nil {
		return wrong(cycle[0], fmt.Sprintf("These steps repeat without a key being pressed: %s. Let one of them lead elsewhere, or read a key", strings.Join(cycle, ", ")))
	}
	if names := f.Unreached(); len(names) > 0 {
		return wrong(names[0], fmt.Sprintf("Nothing leads to step %q: lead to it, or take it out", names[0]))
	}
	return nil
}

// inOrder iterates over the steps, ordered by name.
func (f *Flow) inOrder() iter.Seq2[string, *Step] {
	return func(yield func(string, *Step) bool) {
		for _, name := range slices.Sorted(maps.Keys(f.Steps)) {
			step := f.Steps[name]
			if !yield(name, &step) {
				return
			}
		}
	}
}

// quote quotes the beginning of what somebody gave, for a fault.
func quote(given string) string {
	const most = 80 // characters, more than names have
	if runes := []rune(given); len(runes) > most {
		given = string(runes[:most]) + "…"
	}
	return strconv.Quote(given)
}

func wrong(step, why string) error {
	return &fault.Error{Kind: fault.Invalid, Field: fault.Field(step), Detail: why}
}

// FieldError is the fault of one field of a step.
type FieldError struct {
	Fault error  // the Invalid fault, whose field is the step's name
	Name  string // the field's name in JSON
}

// Error implements error.
func (e *FieldError) Error() string { return e.Fault.Error() }

// Unwrap returns the fault.
func (e *FieldError) Unwrap() error { return e.Fault }

func wrongField(field, step, why string) error { return &FieldError{wrong(step, why), field} }

// check validates a step by itself.
func (s *Step) check(name string) error {
	switch s.Kind {
	case Say:
		return s.checkSaid(name)
	case Gather:
		if err := s.checkSaid(name); err != nil {
			return err
		}
		return s.checkGather(name)
	case Fetch, Ask:
		u, err := url.Parse(s.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || len(s.URL) > MaxURL {
			return wrongField("url", name, fmt.Sprintf("Step %q needs an http or https URL", name))
		}
		return nil
	case Mark:
		if n := utf8.RuneCountInString(s.Word); n == 0 || n > MaxWord || !utf8.ValidString(s.Word) || strings.ContainsFunc(s.Word, func(r rune) bool { return r < ' ' }) {
			return wrongField("word", name, fmt.Sprintf("Step %q needs a word of at most %d characters", name, MaxWord))
		}
		return nil
	case Suppress, HangUp:
		return nil
	}
	return wrong(name, fmt.Sprintf("Step %q is of no known kind: %s. There are say, gather, fetch, ask, mark, suppress and hangup", name, quote(string(s.Kind))))
}

// fieldsOf are the fields of each kind of step, by their names in JSON.
var fieldsOf = map[Kind][]string{
	Say:      {"text", "prompt", "next"},
	Gather:   {"text", "prompt", "next", "digits", "timeout", "tries", "finish", "branches", "silent", "wrong"},
	Fetch:    {"url", "next", "failed"},
	Ask:      {"url", "next", "other", "failed"},
	Mark:     {"word", "next"},
	Suppress: {"next"},
	HangUp:   {},
}

// foreign returns the name of a field that is set and that steps of this kind do not
// have, or "". Nobody would hear the text of a hangup, or know why.
func (s *Step) foreign() string {
	step := reflect.ValueOf(*s)
	for i, name := range stepFields {
		value := step.Field(i)
		set := !value.IsZero() && (value.Kind() != reflect.Map || value.Len() > 0)
		if set && name != "kind" && !slices.Contains(fieldsOf[s.Kind], name) {
			return name
		}
	}
	return ""
}

// checkSaid validates what a step says or plays.
func (s *Step) checkSaid(name string) error {
	switch {
	case s.Prompt != "" && s.Text != "":
		return wrongField("prompt", name, fmt.Sprintf("Step %q says a text or plays a prompt, not both: take one out", name))
	case s.Prompt != "" && !promptName.MatchString(s.Prompt):
		return wrongField("prompt", name, fmt.Sprintf("Step %q plays %s, which is no name of a prompt", name, quote(s.Prompt)))
	case s.Prompt == "" && strings.TrimSpace(s.Text) == "":
		return wrongField("text", name, fmt.Sprintf("Step %q needs a text or a prompt", name))
	case utf8.RuneCountInString(s.Text) > MaxText || !utf8.ValidString(s.Text) || strings.ContainsRune(s.Text, 0):
		return wrongField("text", name, fmt.Sprintf("The text of step %q can have %d characters", name, MaxText))
	}
	return nil
}

func (s *Step) checkGather(name string) error {
	switch {
	case s.Digits < 1 || s.Digits > MaxDigits:
		return wrongField("digits", name, fmt.Sprintf("Step %q must read 1 to %d keys: set digits", name, MaxDigits))
	case s.Timeout < 0 || s.Timeout > MaxTimeout:
		return wrongField("timeout", name, fmt.Sprintf("Step %q must wait 1 to %d seconds: set timeout", name, MaxTimeout))
	case s.Tries < 0 || s.Tries > MaxTries:
		return wrongField("tries", name, fmt.Sprintf("Step %q must ask 1 to %d times: set tries", name, MaxTries))
	case len(s.Branches) > MaxBranches:
		return wrongField("branches", name, fmt.Sprintf("Step %q has %d branches, and may have %d", name, len(s.Branches), MaxBranches))
	case s.Finish != "" && (len(s.Finish) != 1 || !keys.MatchString(s.Finish)):
		return wrongField("finish", name, fmt.Sprintf("Step %q must be finished by one key, as #: set finish", name))
	}
	for _, key := range slices.Sorted(maps.Keys(s.Branches)) {
		if !keys.MatchString(key) || len(key) > s.Digits || s.Finish != "" && strings.Contains(key, s.Finish) {
			return wrongField("branches", name, fmt.Sprintf("Step %q cannot read the keys %s: branches have keys of a telephone, at most as many as digits says, and not the one of finish", name, quote(key)))
		}
	}
	return nil
}

// leadsTo returns the names of the steps to which s may lead; "" is the end of the call.
// With pressed, it includes the steps to which only keys lead.
func (s *Step) leadsTo(pressed bool) []string {
	switch s.Kind {
	case Gather:
		to := []string{s.Silent}
		if pressed {
			to = append(to, s.Next, s.Wrong)
			to = append(to, slices.Sorted(maps.Values(s.Branches))...)
		}
		return to
	case Fetch:
		return []string{s.Next, s.Failed}
	case Ask:
		return []string{s.Next, s.Other, s.Failed}
	case HangUp:
		return nil
	}
	return []string{s.Next}
}

// cycle returns steps that form a cycle without a key, or nil.
func (f *Flow) cycle() []string {
	const entered, left = 1, 2
	state := make(map[string]int)
	var path []string
	var visit func(string) []string
	visit = func(name string) []string {
		switch state[name] {
		case left:
			return nil
		case entered:
			return path[slices.Index(path, name):]
		}
		state[name] = entered
		path = append(path, name)
		step := f.Steps[name]
		for _, to := range step.leadsTo(false) {
			if to == "" {
				continue
			}
			if found := visit(to); found != nil {
				return found
			}
		}
		path = path[:len(path)-1]
		state[name] = left
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(f.Steps)) {
		if found := visit(name); found != nil {
			return found
		}
	}
	return nil
}

// Unreached returns the names of the steps that no way from Start reaches, in order.
func (f *Flow) Unreached() (names []string) {
	seen := map[string]bool{f.Start: true}
	for queue := []string{f.Start}; len(queue) > 0; queue = queue[1:] {
		step := f.Steps[queue[0]]
		for _, to := range step.leadsTo(true) {
			if to != "" && !seen[to] {
				seen[to] = true
				queue = append(queue, to)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Steps)) {
		if !seen[name] {
			names = append(names, name)
		}
	}
	return names
}
