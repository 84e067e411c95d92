package postgres

import (
	"fmt"

	"callbook/internal/addressbook"
)

// key returns an SQL expression for [addressbook.Contact.SortKey], or "" if the window
// sorts by sid.
func (w window) key() string {
	const digits = `(contacts.number::text COLLATE "C")`
	// Folded texts have no other kind of blank.
	trimmed := func(folded string) string { return "btrim(" + folded + ", ' ')" }
	company := trimmed(companyFolded)
	blank := func(b addressbook.Blank) string { return "'" + string(w.Blank(b)) + "'" }
	text := func(text string) string {
		return fmt.Sprintf("coalesce(%s || nullif(%s, ''), %s)", blank(addressbook.NotBlank), text, blank(addressbook.AllBlank))
	}
	switch w.Sort {
	case addressbook.ByUpdated:
		return w.table + ".date_updated"
	case addressbook.ByJoined:
		return "list_members.date_created"
	case addressbook.ByPerson:
		return fmt.Sprintf("coalesce(%s || nullif(contacts.name_key, ''), %s || nullif(%s, ''), %s || %s)",
			blank(addressbook.NotBlank), blank(addressbook.HalfBlank), company, blank(addressbook.AllBlank), digits)
	case addressbook.ByCompany:
		return text(company)
	case addressbook.ByEmail:
		return text(trimmed(emailFolded))
	case addressbook.ByTag:
		return text(trimmed(tagFolded))
	case addressbook.ByNumber:
		return digits
	default:
		return w.table + ".name_key"
	}
}
