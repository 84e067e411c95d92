package contacts

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"callbook/internal/addressbook"
	"callbook/internal/web/words"
)

// customLines is a contact's custom field in a form: a line for each member of the
// object, and the whole object as JSON.
type customLines struct {
	Lines []customLine
	// Spare are empty lines, for browsers without script.
	Spare []customLine
	// JSON is the whole object, indented. Shown is the object that the page has shown. A
	// form sends it back to tell whether the lines or the JSON have changed.
	JSON, Shown string
	// ByJSON shows the JSON instead of the lines, because somebody has changed it, or
	// because it has too many members. TooMany means the latter.
	ByJSON, TooMany bool

	value  string   // the resulting custom field; the JSON if the lines have errors
	errors []string // an error for each line, or ""
	both   bool     // whether the lines and the JSON have both changed
}

// customLine is a member of a custom field.
type customLine struct {
	// Was is the stored member, such as "plan":"gold"; "" for a new line. An unchanged
	// line keeps it byte for byte.
	Was         string
	Name, Value string
	Kind        string // text, number, bool, null, or json; "" is a new line with a text
	Index       int
	Error       string
}

const (
	maxLines   = 100
	spareLines = 3
	// longValue is the size in bytes beyond which a value gets a control of several
	// lines.
	longValue = 60
)

// The fields of the form. Line N has line.N.name, line.N.value, line.N.was, and
// line.N.remove if it is to be removed.
const (
	linePrefix = "line."
	linesThere = "lines" // tells that the form has lines, even if all were removed
	linesMore  = "more_lines"
	linesShown = "custom_field.shown"
)

// Long reports whether the line's value gets a control of several lines.
func (l customLine) Long() bool { return strings.Contains(l.Value, "\n") || len(l.Value) > longValue }

// Words returns the words for the kind of the line's value; "" for a text.
func (l customLine) Words() string {
	return map[string]string{"number": "number", "json": "JSON"}[l.Kind]
}

// linesOf returns the lines of a custom field, as stored or as typed.
func linesOf(object string) customLines {
	c := customLines{value: object, Shown: compactJSON(object), JSON: string(words.Indented([]byte(object), maxShown))}
	lines, ok := readLines(c.Shown)
	switch {
	case !ok:
		c.ByJSON, c.Shown = true, "" // lines cannot show it
	case len(lines) > maxLines:
		c.ByJSON, c.TooMany = true, true
	default:
		c.Lines = lines
	}
	return c.numbered(spareLines)
}

// readLines returns the lines of an object; "" has none. Ok is false if it is not an
// object.
func readLines(object string) (lines []customLine, ok bool) {
	if object == "" {
		return nil, true
	}
	dec := jsontext.NewDecoder(strings.NewReader(object), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
		return nil, false
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadValue()
		if err != nil {
			return nil, false
		}
		member := string(name) + ":"
		value, err := dec.ReadValue()
		if err != nil {
			return nil, false
		}
		lines = append(lines, storedLine(member+string(value)))
	}
	return lines, true
}

// storedLine returns the line of a member such as "plan":"gold".
func storedLine(member string) customLine {
	name, value := splitMember(member)
	l := customLine{Was: member, Name: strings.NewReplacer("\r", "", "\n", "").Replace(unquote(name)), Value: value, Kind: "json"}
	switch jsontext.Value(value).Kind() {
	case '"':
		l.Value, l.Kind = unquote(value), "text"
	case '0':
		l.Kind = "number"
	case 't', 'f':
		l.Kind = "bool"
	case 'n':
		l.Value, l.Kind = "", "null"
	}
	l.Name, l.Value = asSent(l.Name), asSent(l.Value)
	return l
}

// splitMember returns a member's name and value as JSON. It returns "" for both if it is
// not a member.
func splitMember(member string) (name, value string) {
	dec := jsontext.NewDecoder(strings.NewReader("{"+member+"}"), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	var parts [2]string
	if _, err := dec.ReadToken(); err != nil {
		return "", ""
	}
	for i := range parts {
		part, err := dec.ReadValue()
		if err != nil {
			return "", ""
		}
		parts[i] = string(part)
	}
	if _, err := dec.ReadToken(); err != nil || dec.StackDepth() != 0 {
		return "", ""
	}
	return parts[0], parts[1]
}

func unquote(text string) string {
	unquoted, _ := jsontext.AppendUnquote(nil, text) // invalid UTF-8 becomes U+FFFD
	return string(unquoted)
}

// asSent returns text as a browser sends it back.
func asSent(text string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD").Replace(text)
}

// numbered numbers the lines, and appends this many spare ones.
func (c customLines) numbered(spare int) customLines {
	c.Spare = make([]customLine, spare)
	for i := range c.Lines {
		c.Lines[i].Index = i
	}
	for i := range c.Spare {
		c.Spare[i].Index = len(c.Lines) + i
	}
	return c
}

// Blank returns the line that script adds.
func (c customLines) Blank() customLine { return customLine{Index: len(c.Lines) + len(c.Spare)} }

// linesIn reads the custom field of a form, which has lines, JSON or both. The one that
// was changed counts.
func linesIn(form url.Values) customLines {
	text := strings.TrimSpace(asSent(form.Get(string(addressbook.FieldCustomField))))
	if !form.Has(linesShown) {
		return linesOf(text)
	}
	c := customLines{Shown: form.Get(linesShown), JSON: text, Lines: sentLines(form)}
	object, ok := c.object()
	byJSON := form.Has(string(addressbook.FieldCustomField)) && compactJSON(text) != c.Shown
	byLines := form.Has(linesThere) && (!ok || object != c.Shown)
	switch {
	case byJSON && byLines && compactJSON(text) != object:
		c.both, c.ByJSON, c.value = true, true, text
	case byJSON && jsonObjectFault(text) == "":
		return linesOf(text)
	case byJSON:
		c.ByJSON, c.value, c.errors = text != "", text, nil
	case !byLines:
		c = linesOf(c.Shown)
	case ok:
		c = linesOf(object)
	default:
		c.value = c.Shown
	}
	if form.Has(linesMore) {
		return c.numbered(2 * spareLines)
	}
	return c.numbered(spareLines)
}

// sentLines returns the lines of a form that are neither empty nor removed.
func sentLines(form url.Values) (lines []customLine) {
	var indexes []int
	for name := range form {
		text, found := strings.CutPrefix(name, linePrefix)
		if text, isName := strings.CutSuffix(text, ".name"); found && isName {
			if i, err := strconv.Atoi(text); err == nil {
				indexes = append(indexes, i)
			}
		}
	}
	slices.Sort(indexes)
	for _, i := range indexes {
		field := linePrefix + strconv.Itoa(i)
		if form.Has(field + ".remove") {
			continue
		}
		l := customLine{}
		if was := form.Get(field + ".was"); was != "" {
			l = storedLine(was)
		}
		l.Name = asSent(form.Get(field + ".name"))
		if form.Has(field + ".value") {
			l.Value = asSent(form.Get(field + ".value"))
		}
		if l.Was != "" || l.Name != "" || l.Value != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

// object builds the object from the lines. It returns false if a line is wrong, and sets
// errors.
func (c *customLines) object() (string, bool) {
	c.errors = make([]string, len(c.Lines))
	ok := true
	names := make(map[string]bool)
	var members []string
	for i, l := range c.Lines {
		member, wrong := l.member()
		if name, _ := splitMember(member); wrong == "" && names[unquote(name)] && !l.keepsName() {
			wrong = "There is a line with this name already."
		} else if member != "" {
			names[unquote(name)] = true
			members = append(members, member)
		}
		c.errors[i] = wrong
		ok = ok && wrong == ""
	}
	if len(members) == 0 && c.Shown != "{}" {
		return "", ok
	}
	return "{" + strings.Join(members, ",") + "}", ok
}

// keepsName reports whether the line still has the stored name.
func (l customLine) keepsName() bool { return l.Was != "" && l.Name == storedLine(l.Was).Name }

// member returns the line's member as JSON, or "" for an empty line. Wrong describes an
// error.
func (l customLine) member() (member, wrong string) {
	var before customLine
	var name, value string
	if l.Was != "" {
		before = storedLine(l.Was)
		name, value = splitMember(l.Was)
	}
	switch {
	case name != "" && l.Name == before.Name:
	case strings.TrimSpace(l.Name) != "":
		quoted, err := jsontext.AppendQuote(nil, strings.TrimSpace(l.Name))
		if err != nil {
			return "", notUTF8
		}
		name = string(quoted)
	case l.Value == "":
		return "", ""
	default:
		return "", "Give this line a name, or remove it."
	}
	if value == "" || l.Value != before.Value {
		if value, wrong = typedValue(before.Kind, l.Value); wrong != "" {
			return "", wrong
		}
	}
	return name + ":" + value, ""
}

const notUTF8 = "This cannot be kept: not valid UTF-8."

// typedValue returns the JSON of a value of this kind that somebody has typed. Wrong
// describes an error.
func typedValue(kind, text string) (value, wrong string) {
	trimmed := strings.TrimSpace(text)
	parsed := jsontext.Value(trimmed)
	switch kind {
	case "number":
		if !parsed.IsValid() || parsed.Kind() != '0' {
			return "", "This is a number. Enter a number, or remove the line and add it again as a text."
		}
		return trimmed, ""
	case "bool":
		if trimmed != "true" && trimmed != "false" {
			return "", "Enter true or false."
		}
		return trimmed, ""
	case "json":
		if !parsed.IsValid(jsontext.AllowDuplicateNames(true)) {
			return "", "This is no JSON. Mend it, or remove the line and add it again as a text."
		}
		return compactJSON(trimmed), ""
	}
	quoted, err := jsontext.AppendQuote(nil, text)
	if err != nil {
		return "", notUTF8
	}
	return string(quoted), ""
}

// check sets the errors of the lines, and returns the error of the whole field.
func (c *customLines) check() (wrong string, ok bool) {
	ok = true
	for i, text := range c.errors {
		c.Lines[i].Error = text
		ok = ok && text == ""
	}
	switch {
	case c.both:
		return "Both the lines and the JSON were changed. Change one of them, and leave the other as it was.", false
	case c.value == "" || !ok:
		return "", ok
	}
	wrong = jsonObjectFault(c.value)
	return wrong, wrong == ""
}
