package callflow

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Spoken texts may contain variables: "@@first_name", or "@@{name with blanks}". Case
// does not matter. The longest known name wins: "@@tagged" is "@@tag" and "ged", unless
// there is a variable "tagged".

// variable is a variable in a text.
type variable struct {
	start, end int // offsets in the text, with the marks
	name       string
}

// UnknownVariableError is an unknown variable's name, as far as it can be recognised.
type UnknownVariableError string

// Error implements error.
func (e UnknownVariableError) Error() string { return fmt.Sprintf("there is no @@%s", string(e)) }

// Variables returns the distinct names of the variables in a text, in lower case. Known
// are the valid names in lower case. The error for any other name is an
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

// Fill replaces the variables in a text by their values. Names are the known names. A
// variable without a value becomes "". The result has at most [MaxText] characters, as a
// text must have: Fill cuts the last values, and keeps everything around the variables.
func Fill(text string, names []string, values map[string]string) string {
	found, err := findVariables(text, names)
	if err != nil || len(found) == 0 {
		return text
	}
	left := MaxText - utf8.RuneCountInString(text) // characters for values
	for _, v := range found {
		left += utf8.RuneCountInString(text[v.start:v.end])
	}
	var b strings.Builder
	at := 0
	for _, v := range found {
		b.WriteString(text[at:v.start])
		value := cut(values[v.name], left)
		left -= utf8.RuneCountInString(value)
		b.WriteString(value)
		at = v.end
	}
	b.WriteString(text[at:])
	return b.String()
}

// cut returns the first n characters of a text, or all if it has fewer.
func cut(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// VariableName returns the name of a variable in lower case. It changes only the letters
// A to Z.
func VariableName(name string) string { return asciiLower(name) }

// findVariables finds the variables with known names in a text.
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

// asciiLower converts A to Z to lower case. Unlike strings.ToLower, it keeps the offsets
// of all characters.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// word returns the beginning of a text that may be meant as a name.
func word(s string) string {
	const longest = 40
	end := strings.IndexFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n.,;:!?", r) })
	if end < 0 {
		end = len(s)
	}
	return strings.ToValidUTF8(s[:min(end, longest)], "")
}

// Variables returns the distinct names of the variables in all texts of the flow, sorted;
// see [Variables]. The error for an unknown one is an Invalid fault whose field is the
// step's name.
func (f *Flow) Variables(known []string) (names []string, err error) {
	for name, step := range f.inOrder() {
		some, err := Variables(step.Text, known)
		if unknown, ok := err.(UnknownVariableError); ok {
			return nil, wrongField("text", name, fmt.Sprintf("Step %q says @@%s, and no contact has a field of that name: correct it, or add contacts with that field first", name, string(unknown)))
		}
		names = append(names, some...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Fill replaces the variables in the texts of the flow; see [Fill]. Without names, it
// returns the flow unchanged.
func (f *Flow) Fill(names []string, values map[string]string) *Flow {
	if len(names) == 0 {
		return f
	}
	filled := &Flow{Start: f.Start, Steps: make(map[string]Step, len(f.Steps)), Language: f.Language}
	for name, step := range f.Steps {
		step.Text = Fill(step.Text, names, values)
		filled.Steps[name] = step
	}
	return filled
}
