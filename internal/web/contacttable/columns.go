package contacttable

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// Column is one that the table can show beside the name.
type Column struct {
	// Key is the field's name in the API. A custom field's is customKey and the
	// name of a member of the JSON object.
	Key, Label string
}

// Kind is custom for a custom field, or else the column's key.
func (c Column) Kind() string {
	if strings.HasPrefix(c.Key, customKey) {
		return "custom"
	}
	return c.Key
}

// Bounds of what can be chosen and is offered.
const (
	maxColumns   = 16
	maxOffered   = 40 // custom fields
	maxColumnKey = 100
	maxCookie    = 2000
	// maxParsed is how large a custom field may be, in bytes, for the table to look
	// into it: a page has many of them.
	maxParsed = 16 << 10
	// maxCell is how much of a value a row has, in bytes.
	maxCell = 500
)

const customKey = "custom_field."

// columns are those that every contact has, in the order of the table. The first and the
// last name have none, because the row's title shows them.
var columns = func() []Column {
	all := []Column{{"number", "Number"}}
	for i, text := range addressbook.TextFields {
		if field := addressbook.TextField(i); field != addressbook.FirstName && field != addressbook.LastName {
			all = append(all, Column{string(text.Key), text.Label})
		}
	}
	return append(all, Column{"country", "Country"}, Column{"date_created", "Added"}, Column{"date_updated", "Changed"}, Column{dateJoined, "Joined"})
}()

// dateJoined is the column that the tables of lists have besides: when the contact was
// put into the list.
const dateJoined = "date_joined"

// usualColumns are the keys of those that are shown unless somebody chose others.
var usualColumns = []string{"number", "company_name", "email", "tag", "date_created", dateJoined}

// columnsCookie is the name under which a browser remembers its columns.
const columnsCookie = "columns"

// ColumnsIn reads the columns that a form chose, for the browser to remember; "" is
// the usual ones.
func ColumnsIn(form map[string][]string) string {
	keys := known(form["column"])
	if form["reset"] != nil || slices.Equal(keys, usualColumns) {
		return ""
	}
	text, err := json.Marshal(keys)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// RememberColumns has the browser remember what ColumnsIn returned.
func RememberColumns(a shell.Answer, value string) shell.Answer {
	if len(value) > maxCookie {
		return a.Warning("These columns are too many to remember. Choose fewer.")
	}
	return a.Remembering(columnsCookie, value)
}

// columnsOf are the keys of the columns that the browser remembers.
func columnsOf(r *http.Request) []string {
	text, err := base64.RawURLEncoding.DecodeString(shell.Remembered(r, columnsCookie))
	var keys []string
	if err != nil || json.Unmarshal(text, &keys) != nil {
		return usualColumns
	}
	return known(keys)
}

// known are those keys that can be columns, each once, in the order of the table.
func known(keys []string) []string {
	all := make([]string, 0, len(keys))
	for _, c := range columns {
		if slices.Contains(keys, c.Key) {
			all = append(all, c.Key)
		}
	}
	for _, key := range keys {
		if strings.HasPrefix(key, customKey) && len(key) <= maxColumnKey && utf8.ValidString(key) && !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	return all[:min(len(all), maxColumns)]
}

// column is the one with this key.
func column(key string) Column {
	if i := slices.IndexFunc(columns, func(c Column) bool { return c.Key == key }); i >= 0 {
		return columns[i]
	}
	return Column{key, strings.TrimPrefix(key, customKey)}
}

// Choice is a column that can be chosen.
type Choice struct {
	Column
	Chosen bool
}

// choices are the columns to choose from: those that every contact has, those that
// are chosen, and the custom fields of these rows.
func choices(chosen []string, rows []Row) (all []Choice) {
	for _, c := range columns {
		if c.Key == dateJoined {
			c.Label = "Joined (on the page of a list)"
		}
		all = append(all, Choice{c, slices.Contains(chosen, c.Key)})
	}
	custom := make(map[string]bool)
	for _, key := range chosen {
		if strings.HasPrefix(key, customKey) {
			custom[key] = true
		}
	}
	for _, row := range rows {
		for name := range row.custom {
			if key := customKey + name; len(key) <= maxColumnKey && !custom[key] && len(custom) < maxOffered {
				custom[key] = false
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(custom)) {
		all = append(all, Choice{column(key), custom[key]})
	}
	return all
}

// Text is what the row has in a column that is a text.
func (r Row) Text(key string) string {
	if key == "country" {
		return words.Country(r.Contact.Number.Region())
	}
	for i, text := range addressbook.TextFields {
		if string(text.Key) == key {
			return r.Texts[i].Value
		}
	}
	return r.custom[strings.TrimPrefix(key, customKey)]
}

// customTexts are the members of a contact's custom field by their names, as texts:
// of an object or an array its JSON.
func customTexts(c addressbook.Contact) map[string]string {
	if c.CustomField == "" || len(c.CustomField) > maxParsed {
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(c.CustomField), &members) != nil {
		return nil
	}
	texts := make(map[string]string, len(members))
	for name, value := range members {
		text := string(value)
		if text == "null" {
			text = ""
		}
		if strings.HasPrefix(text, `"`) && json.Unmarshal(value, &text) != nil {
			continue
		}
		if len(text) > maxCell {
			text = strings.ToValidUTF8(text[:maxCell], "") + "…"
		}
		texts[name] = text
	}
	return texts
}
