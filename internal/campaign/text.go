package campaign

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// A text that is said may have variables: "@@first_name", or "@@{name with blanks}".
// Their names have no case, and the longest name that is known wins, so that
// "@@tagged" is "@@tag" and "ged" unless something is called "tagged".

// fieldNames are the variables that every contact has.
var fieldNames = append(addressbook.TextKeys(), string(addressbook.FieldNumber))

// variable is a part of a text that stands for a value.
type variable struct {
	start, end int // of the text, marks included
	name       string
}

// findVariables finds the variables of a text, by the names that are known in lower
// case. A name that is not known is a fault.
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
				return nil, errVariable(name)
			}
			v.name, v.end = name, start+len("@@{}")+len(name)
		} else {
			for _, name := range known {
				if len(name) > len(v.name) && strings.HasPrefix(rest, name) {
					v.name = name
				}
			}
			if v.name == "" {
				return nil, errVariable(word(rest))
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

func errVariable(name string) error {
	return &fault.Error{Kind: fault.Invalid, Field: FieldText, Detail: fmt.Sprintf("Invalid ReadViaText: there is no @@%s", name)}
}

// Say returns the text with the values of a target. A variable without a value is not
// said.
func (s *Settings) Say(vars map[string]string) string {
	found, err := findVariables(s.Text, s.Vars)
	if err != nil || len(found) == 0 {
		return s.Text
	}
	var b strings.Builder
	at := 0
	for _, v := range found {
		b.WriteString(s.Text[at:v.start])
		b.WriteString(vars[v.name])
		at = v.end
	}
	b.WriteString(s.Text[at:])
	return b.String()
}

// Values returns the name of a contact and the values that the campaign's text says of
// it.
func (s *Settings) Values(c *addressbook.Contact) (name string, vars map[string]string) {
	first, last := c.Texts[addressbook.FirstName].Value, c.Texts[addressbook.LastName].Value
	name = strings.TrimSpace(first + " " + last)
	if len(s.Vars) == 0 {
		return name, nil
	}
	all := customValues(c)
	for i, f := range addressbook.TextFields {
		all[string(f.Key)] = c.Texts[i].Value
	}
	all[string(addressbook.FieldNumber)] = c.Number.String()
	maps.DeleteFunc(all, func(name, value string) bool { return value == "" || !slices.Contains(s.Vars, name) })
	return name, all
}

// customValues returns the members of a contact's custom field, by their names in
// lower case. What is no text is as it is in JSON; null is nothing.
func customValues(c *addressbook.Contact) map[string]string {
	var members map[string]json.RawMessage
	values := make(map[string]string)
	if len(c.CustomField) == 0 || json.Unmarshal([]byte(c.CustomField), &members) != nil {
		return values
	}
	for name, raw := range members {
		var text *string
		switch {
		case json.Unmarshal(raw, &text) != nil:
			values[asciiLower(name)] = string(raw)
		case text != nil:
			values[asciiLower(name)] = *text
		}
	}
	return values
}
