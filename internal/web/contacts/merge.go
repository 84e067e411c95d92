package contacts

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"callbook/internal/addressbook"
	"callbook/internal/web/shell"
)

// merge merges the form with what others have saved since it was loaded, and returns the
// merged values of the fields.
func (f *contactForm) merge(m *shell.Merge, now *addressbook.Contact) []string {
	same := f.Updated == updatedOf(now)
	values := make([]string, len(contactFields))
	for i, cf := range contactFields {
		stored := cf.value(now)
		v := shell.Version{
			Name: cf.Name, Label: cf.Label, Type: cf.Type,
			Was: m.Was(cf.Name, stored, same), Now: stored, Mine: f.Fields[i].Value,
		}
		if cf.Name == string(addressbook.FieldCustomField) {
			values[i] = mergeObjects(m, v)
		} else {
			values[i] = m.Value(v)
		}
	}
	return values
}

// mergeObjects merges custom fields key by key. If one of the versions is not a JSON
// object, it merges them as a whole.
func mergeObjects(m *shell.Merge, v shell.Version) string {
	v.Was, v.Now, v.Mine = compactJSON(v.Was), compactJSON(v.Now), compactJSON(v.Mine)
	was, ok1 := membersOf(v.Was)
	now, ok2 := membersOf(v.Now)
	mine, ok3 := membersOf(v.Mine)
	if !ok1 || !ok2 || !ok3 || v.Mine == v.Was || v.Mine == v.Now || v.Was == v.Now && !m.Asked(v.Name+".") {
		return m.Value(v)
	}
	// Existing keys keep their order. New ones follow.
	keys := append([]string(nil), now.keys...)
	for _, key := range mine.keys {
		if _, there := now.values[key]; !there {
			keys = append(keys, key)
		}
	}
	for _, key := range was.keys {
		_, theirs := now.values[key]
		if _, ours := mine.values[key]; !theirs && !ours {
			keys = append(keys, key)
		}
	}
	var b strings.Builder
	for _, key := range keys {
		value := m.Value(shell.Version{
			Name: v.Name + "." + url.QueryEscape(key), Label: key + " (custom field)", Type: v.Type,
			Was: was.values[key], Now: now.values[key], Mine: mine.values[key],
		})
		if value == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(cmp.Or(now.names[key], mine.names[key], was.names[key]))
		b.WriteByte(':')
		b.WriteString(value)
	}
	if b.Len() == 0 && (v.Now == "" || v.Mine == "") {
		return ""
	}
	return "{" + b.String() + "}"
}

// members has the keys of a JSON object, and the JSON of each key and value; that of a
// missing key is "".
type members struct {
	keys          []string
	names, values map[string]string
}

// membersOf parses an object; "" has no members. It returns false if text is not an
// object or has a key twice.
func membersOf(text string) (members, bool) {
	all := members{names: make(map[string]string), values: make(map[string]string)}
	if text == "" {
		return all, true
	}
	dec := jsontext.NewDecoder(strings.NewReader(text))
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
		return all, false
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadValue()
		if err != nil {
			return all, false
		}
		unquoted, err := jsontext.AppendUnquote(nil, name)
		if err != nil {
			return all, false
		}
		key := string(unquoted)
		all.names[key] = string(name)
		value, err := dec.ReadValue()
		if err != nil {
			return all, false
		}
		all.keys = append(all.keys, key)
		all.values[key] = string(value)
	}
	return all, true
}

// compactJSON removes white space between tokens, as before storing. It returns text
// unchanged if it is not JSON.
func compactJSON(text string) string {
	value := jsontext.Value(text)
	if value.Compact() != nil {
		return text
	}
	return string(value)
}

// conflict returns the page that asks about the conflicts. Values are the merged values,
// as far as they are known.
func (f *contactForm) conflict(m *shell.Merge, values []string, now *addressbook.Contact) shell.Answer {
	page := shell.ConflictPage{
		Merge: m, What: "contact", Action: f.Action(), Back: f.Action(),
		Loaded: loadedWith(now), Updated: updatedOf(now),
	}
	for i, value := range values {
		page.Typed = append(page.Typed, shell.Option{Value: f.Fields[i].Name, Label: value})
	}
	return shell.AskConflict(page)
}

// loadedWith returns the values with which the form of a contact is loaded.
func loadedWith(c *addressbook.Contact) (all []shell.Option) {
	for _, cf := range contactFields {
		all = append(all, shell.Option{Value: cf.Name, Label: cf.value(c)})
	}
	return all
}

func updatedOf(c *addressbook.Contact) string { return strconv.FormatInt(c.Updated.UnixNano(), 10) }
