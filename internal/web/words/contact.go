package words

import (
	"cmp"
	"strings"

	"callbook/internal/addressbook"
)

// PersonName is a contact's first and last name; "" when it has none.
func PersonName(c addressbook.Contact) string {
	return strings.TrimSpace(c.Texts[addressbook.FirstName].Value + " " + c.Texts[addressbook.LastName].Value)
}

// ContactTitle is what to call a contact: its name, or else its company's, or else its
// number.
func ContactTitle(c addressbook.Contact) string {
	return cmp.Or(PersonName(c), strings.TrimSpace(c.Texts[addressbook.CompanyName].Value), c.Number.International())
}
