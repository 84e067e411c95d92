package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/callflow"
	"callbook/internal/fault"
)

// Variables returns the names, in lower case, that variables in texts may have: those of
// the fields of contacts, and of their custom fields as [addressbook.Book.CustomKeys]
// finds them.
func Variables(ctx context.Context, book *addressbook.Book, acct account.Account) ([]string, error) {
	keys, err := book.CustomKeys(ctx, acct)
	if err != nil {
		return nil, err
	}
	names := append(addressbook.TextKeys(), string(addressbook.FieldNumber))
	for _, key := range keys {
		names = append(names, callflow.VariableName(key))
	}
	return names, nil
}

func errVariable(name string) error {
	return &fault.Error{Kind: fault.Invalid, Field: FieldText, Detail: fmt.Sprintf("Invalid ReadViaText: there is no @@%s", name)}
}

// Say returns the text with the values of a target. A variable without a value is left
// out.
func (s *Settings) Say(vars map[string]string) string { return callflow.Fill(s.Text, s.Vars, vars) }

// Values returns the contact's values for the variables with these names. Variables
// without a value are missing.
func Values(c *addressbook.Contact, names []string) map[string]string {
	all := customValues(c)
	for i, f := range addressbook.TextFields {
		all[string(f.Key)] = c.Texts[i].Value
	}
	all[string(addressbook.FieldNumber)] = c.Number.String()
	maps.DeleteFunc(all, func(name, value string) bool { return value == "" || !slices.Contains(names, name) })
	return all
}

// customValues returns the members of a contact's custom field by their names in lower
// case. A value that is not a string is its JSON; null is missing.
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
			values[callflow.VariableName(name)] = string(raw)
		case text != nil:
			values[callflow.VariableName(name)] = *text
		}
	}
	return values
}
