package campaign

import (
	"context"
	"fmt"

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
