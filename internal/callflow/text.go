package callflow

import (
	"fmt"
	"slices"
	"strings"
)

// A text that is said may have variables: "@@first_name", or "@@{name with blanks}".
// Their names have no case, and the longest name that is known wins, so that
// "@@tagged" is "@@tag" and "ged" unless something is called "tagged".

// variable is a part of a text that stands for a value.
type variable struct {
	start, end int // of the text, marks included
	name       string
}

// UnknownVariableError is the name of a variable that nothing is known by, as far as it
// can be told.
type UnknownVariableError string

// Error implements error.
func (e UnknownVariableError) Error() string { return fmt.Sprintf("there is no @@%s", string(e)) }

// Variables returns the names of the variables of a text, in lower case and each once.
// Known are the names that there are, in lower case. Another one is an
// [UnknownVariableError].
func Variables(text string, known []string) (names []string, err error) {
	found, err := findVariables(text, known)
	if err != nil {
		return nil, err
	}
	for _, v := range found {
		if !slices.Contains(names, v.name) {
			names = append(names, v.name)
		}
	}
	return names, nil
}

// Fill returns a text with values in the place of its variables, of which these are the
// names. A variable without a value is not said.
func Fill(text string, names []string, values map[string]string) string {
	found, err := findVariables(text, names)
	if err != nil || len(found) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, v := range found {
		b.WriteString(text[at:v.start])
		b.WriteString(values[v.name])
		at = v.end
	}
	b.WriteString(text[at:])
	return b.String()
}

// VariableName returns the name under which a variable is known: with the letters A to Z
// in lower case.
func VariableName(name string) string { return asciiLower(name) }

// findVariables finds the variables of a text, by the names that are known.
func findVariables(text string, known []string) (found []variable, err error) {
	lower := asciiLower(text)
	for at := 0; ; {
		i := strings.Index(lower[at:], "@@")
		if i < 0 {
			return found, nil
		}
		start := at + i
		v := variable{start: start}
		rest := lower[start+2:]
		if inner, ok := strings.CutPrefix(rest, "{"); ok {
			name, _, closed := strings.Cut(inner, "}")
			if !closed || !slices.Contains(known, name) {
				return nil, UnknownVariableError(word(name))
			}
			v.name, v.end = name, start+len("@@{}")+len(name)
		} else {
			for _, name := range known {
				if len(name) > len(v.name) && strings.HasPrefix(rest, name) {
					v.name = name
				}
			}
			if v.name == "" {
				return nil, UnknownVariableError(word(rest))
			}
			v.end = start + len("@@") + len(v.name)
		}
		found = append(found, v)
		at = v.end
	}
}

// asciiLower lowers the letters A to Z. Unlike strings.ToLower it keeps the places of
// all characters.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// word returns the beginning of a text that may have been meant as a name.
func word(s string) string {
	const longest = 40
	end := strings.IndexFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n.,;:!?", r) })
	if end < 0 {
		end = len(s)
	}
	return strings.ToValidUTF8(s[:min(end, longest)], "")
}

// Variables returns the names of the variables of all texts of the flow, sorted, as
// [Variables] does. An unknown one is an Invalid fault whose field is the step's name.
func (f *Flow) Variables(known []string) (names []string, err error) {
	for name, step := range f.inOrder() {
		some, err := Variables(step.Text, known)
		if unknown, ok := err.(UnknownVariableError); ok {
			return nil, wrong(name, fmt.Sprintf("Step %q says @@%s, and no contact has a field of that name: correct it, or add contacts with that field first", name, string(unknown)))
		}
		names = append(names, some...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Fill returns the flow with values in the place of the variables of its texts; see
// [Fill]. A flow without names is returned as it is.
func (f *Flow) Fill(names []string, values map[string]string) *Flow {
	if len(names) == 0 {
		return f
	}
	filled := &Flow{Start: f.Start, Steps: make(map[string]Step, len(f.Steps))}
	for name, step := range f.Steps {
		step.Text = Fill(step.Text, names, values)
		filled.Steps[name] = step
	}
	return filled
}
