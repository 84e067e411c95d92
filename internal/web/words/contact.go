package words

import (
	"cmp"
	"strings"

	"callbook/internal/addressbook"
)

// PersonName returns a contact's first and last name; "" if it has none.
func PersonName(c addressbook.Contact) string {
	return strings.TrimSpace(c.Texts[addressbook.FirstName].Value + " " + c.Texts[addressbook.LastName].Value)
}

// ContactTitle returns the name of a contact, or else that of its company, or else its
// number.
func ContactTitle(c addressbook.Contact) string {
	return cmp.Or(PersonName(c), strings.TrimSpace(c.Texts[addressbook.CompanyName].Value), c.Number.International())
}
