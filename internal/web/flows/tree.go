package flows

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"callbook/internal/callflow"
	"callbook/internal/callflow/library"
)

// sequence is a sequence of steps, and what follows the last one.
type sequence struct {
	Label string // the label of the branch that leads here
	Steps []node
	Add   string // the URL of the form that adds a step at the end, or ""
	Ends  bool   // whether the call ends here
	Again string // the step that follows, if it is drawn elsewhere
	Path  string // the flow's URL
}

// node is a step in the tree.
type node struct {
	Name, Path string
	Label      string
	Text       string // what the step says, requests or marks
	Prompt     string // the recording that it plays
	Details    string
	Branches   []sequence
}

// tree draws a flow. It draws each step once.
type tree struct {
	flow  *library.Flow
	drawn map[string]bool
}

func treeOf(f *library.Flow) sequence {
	t := tree{f, make(map[string]bool)}
	return t.from("", "", branchStart)
}

// from returns the sequence to which a branch of a step leads.
func (t *tree) from(label, step, branch string) sequence {
	s := sequence{Label: label, Path: flowPath(t.flow.Name)}
	for {
		to := target(&t.flow.Flow, step, branch)
		switch {
		case to == "":
			s.Add, s.Ends = s.Path+"/add?"+url.Values{"at": {step}, "branch": {branch}}.Encode(), true
			return s
		case t.drawn[to]:
			s.Again = to
			return s
		}
		t.drawn[to] = true
		at := t.flow.Steps[to]
		n := node{Name: to, Path: s.Path, Label: shortLabels[at.Kind], Text: cmp.Or(at.Text, at.URL, at.Word), Prompt: at.Prompt, Details: details(&at)}
		main := ""
		for _, b := range branchesOf(&at) {
			if b.main {
				main = b.field
				continue
			}
			n.Branches = append(n.Branches, t.from(b.label, to, b.field))
		}
		s.Steps = append(s.Steps, n)
		if main == "" {
			return s
		}
		step, branch = to, main
	}
}

var shortLabels = map[callflow.Kind]string{
	callflow.Say: "Say", callflow.Gather: "Ask for keys", callflow.Fetch: "Play what a URL answers", callflow.Ask: "Ask a URL where to go",
	callflow.Mark: "Mark the call", callflow.Suppress: "Never call again", callflow.HangUp: "Hang up",
}

// details describes in a line how keys are read.
func details(s *callflow.Step) string {
	if s.Kind != callflow.Gather {
		return ""
	}
	parts := []string{plural(s.Digits, "key", "keys"), "asked " + plural(max(1, s.Tries), "time", "times"), "waits " + plural(cmp.Or(s.Timeout, callflow.DefaultTimeout), "second", "seconds")}
	if s.Finish != "" {
		parts = append(parts, "ends at "+s.Finish)
	}
	return strings.Join(parts, ", ")
}

// branchKey is the prefix of the names of branches for keys. branchStart is the branch
// that leads into the flow.
const (
	branchKey   = "key:"
	branchStart = "start"
)

// branch is a way from a step to another one.
type branch struct {
	field, label string
	main         bool // drawn below the step instead of beside it
}

// branchesOf returns the branches of a step.
func branchesOf(s *callflow.Step) (all []branch) {
	switch s.Kind {
	case callflow.Gather:
		for _, key := range slices.Sorted(maps.Keys(s.Branches)) {
			all = append(all, branch{branchKey + key, "Key " + key, false})
		}
		if s.Next != "" {
			all = append(all, branch{"next", "Any other key", false})
		} else {
			all = append(all, branch{"wrong", "A wrong key", false})
		}
		return append(all, branch{"silent", "No key", false})
	case callflow.Fetch:
		return []branch{{"failed", "It fails", false}, {"next", "Then", true}}
	case callflow.Ask:
		return []branch{{"other", "It answers 302", false}, {"failed", "It fails", false}, {"next", "It answers 200", true}}
	case callflow.HangUp:
		return nil
	}
	return []branch{{"next", "Then", true}}
}

// target returns the step to which a branch leads; "" is the end of the call.
func target(f *callflow.Flow, step, branch string) string {
	s := f.Steps[step]
	if key, ok := strings.CutPrefix(branch, branchKey); ok {
		return s.Branches[key]
	}
	switch branch {
	case branchStart:
		return f.Start
	case "next":
		return s.Next
	case "silent":
		return s.Silent
	case "wrong":
		return s.Wrong
	case "other":
		return s.Other
	case "failed":
		return s.Failed
	}
	return ""
}

// lead lets a branch of a step lead to another step.
func lead(f *callflow.Flow, step, branch, to string) {
	if branch == branchStart {
		f.Start = to
		return
	}
	s := f.Steps[step]
	if key, ok := strings.CutPrefix(branch, branchKey); ok {
		s.Branches = maps.Clone(s.Branches)
		if s.Branches == nil {
			s.Branches = make(map[string]string)
		}
		s.Branches[key] = to
	}
	switch branch {
	case "next":
		s.Next = to
	case "silent":
		s.Silent = to
	case "wrong":
		s.Wrong = to
	case "other":
		s.Other = to
	case "failed":
		s.Failed = to
	}
	f.Steps[step] = s
}

// titleOf returns the title of a step in a select field.
func titleOf(name string, s *callflow.Step) string {
	text := cmp.Or(s.Prompt, s.Text, s.URL, s.Word)
	const most = 40
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	if text != "" {
		text = ": " + text
	}
	return name + " – " + shortLabels[s.Kind] + text
}
