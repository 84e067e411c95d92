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

// Column is a column that the table can show beside the name.
type Column struct {
	// Key is the field's name in the API. For a custom field, it is customKey and the
	// name of a member of the JSON object.
	Key, Label string
}

// Kind returns "custom" for a custom field, and otherwise the column's key.
func (c Column) Kind() string {
	if strings.HasPrefix(c.Key, customKey) {
		return "custom"
	}
	return c.Key
}

// Limits of chosen and offered columns.
const (
	maxColumns   = 16
	maxOffered   = 40 // custom fields
	maxColumnKey = 100
	maxCookie    = 2000
	// maxParsed is the size in bytes up to which the table parses a custom field. A page
	// has many of them.
	maxParsed = 16 << 10
	// maxCell bounds the text in a cell, in bytes.
	maxCell = 500
)

const customKey = "custom_field."

// columns are those that every contact has, in the order of the table. The first and the
// last name are missing because the row's title shows them.
var columns = func() []Column {
	all := []Column{{"number", "Number"}}
	for i, text := range addressbook.TextFields {
		if field := addressbook.TextField(i); field != addressbook.FirstName && field != addressbook.LastName {
			all = append(all, Column{string(text.Key), text.Label})
		}
	}
	return append(all, Column{"country", "Country"}, Column{"date_created", "Added"}, Column{"date_updated", "Changed"}, Column{dateJoined, "Joined"})
}()

// dateJoined is an additional column in the table of a list: when the contact was added
// to the list.
const dateJoined = "date_joined"

// usualColumns are the keys of the columns that are shown by default.
var usualColumns = []string{"number", "company_name", "email", "tag", "date_created", dateJoined}

// columnsCookie is the name of the cookie with the chosen columns.
const columnsCookie = "columns"

// ColumnsIn returns the columns that a form has chosen, as a value for the cookie; ""
// means the default.
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

// RememberColumns stores the value of ColumnsIn in the browser.
func RememberColumns(a shell.Answer, value string) shell.Answer {
	if len(value) > maxCookie {
		return a.Warning("These columns are too many to remember. Choose fewer.")
	}
	return a.Remembering(columnsCookie, value)
}

// columnsOf returns the keys of the columns in the browser's cookie, or the default.
func columnsOf(r *http.Request) []string {
	text, err := base64.RawURLEncoding.DecodeString(shell.Remembered(r, columnsCookie))
	var keys []string
	if err != nil || json.Unmarshal(text, &keys) != nil {
		return usualColumns
	}
	return known(keys)
}

// known returns the valid keys, without duplicates, in the order of the table.
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

// column returns the column with this key.
func column(key string) Column {
	if i := slices.IndexFunc(columns, func(c Column) bool { return c.Key == key }); i >= 0 {
		return columns[i]
	}
	return Column{key, strings.TrimPrefix(key, customKey)}
}

// Choice is a column to choose.
type Choice struct {
	Column
	Chosen bool
}

// choices returns the columns to choose from: those that every contact has, the chosen
// ones, and the custom fields of these rows.
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

// Text returns the row's text in a column.
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

// customTexts returns the members of a contact's custom field by name, as texts. The text
// of an object or array is its JSON.
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
