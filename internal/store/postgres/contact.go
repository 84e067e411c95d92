package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"callbook/internal/addressbook"
)

// contactColumns is what scanContact reads, in this order.
const contactColumns = `contacts.sid, contacts.number, contacts.first_name, contacts.last_name, contacts.company_name,
	contacts.email, contacts.tag, contacts.custom_field, contacts.date_created, contacts.date_updated`

func scanContact(row pgx.CollectableRow) (c addressbook.Contact, err error) {
	err = row.Scan((*sidValue)(&c.SID), (*numberValue)(&c.Number),
		(*textValue)(&c.FirstName), (*textValue)(&c.LastName), (*textValue)(&c.CompanyName),
		(*textValue)(&c.Email), (*textValue)(&c.Tag), (*jsonValue)(&c.CustomField),
		(*dateValue)(&c.Created), (*dateValue)(&c.Updated))
	return c, err
}

// lockBySID reads contacts by their sids, $2, and locks them in that order, which
// must be that of the sids. They are looked up one by one whatever the planner
// knows: were it to think an account small that was just filled, it would read
// all of it to find some.
func lockBySID(columns, lock string) string {
	return `SELECT ` + columns + ` FROM unnest($2::uuid[]) AS wanted (sid) CROSS JOIN LATERAL
		(SELECT * FROM contacts WHERE contacts.account_id = $1 AND contacts.sid = wanted.sid ` + lock + `) AS contacts`
}

// byNumber reads contacts by their numbers, $2, one by one as lockBySID does.
const byNumber = `SELECT ` + contactColumns + ` FROM unnest($2::bigint[]) AS wanted (number) CROSS JOIN LATERAL
	(SELECT * FROM contacts WHERE contacts.account_id = $1 AND contacts.number = wanted.number OFFSET 0) AS contacts`

// lockByNumber is byNumber, and locks them in the order of their sids.
func lockByNumber(lock string) string {
	return `SELECT ` + contactColumns + ` FROM
		(SELECT found.* FROM unnest($2::bigint[]) AS wanted (number) CROSS JOIN LATERAL
			(SELECT sid, number FROM contacts WHERE contacts.account_id = $1 AND contacts.number = wanted.number OFFSET 0) AS found
			ORDER BY found.sid) AS wanted
		CROSS JOIN LATERAL (SELECT * FROM contacts WHERE contacts.account_id = $1 AND contacts.sid = wanted.sid
			AND contacts.number = wanted.number ` + lock + `) AS contacts`
}

// folded are the texts that a contact is found and sorted by.
type folded struct {
	nameKey addressbook.Text
	// name, company and email are not given where the text is folded already;
	// for name, that is nameKey.
	name, company, email addressbook.Text
}

func fold(c *addressbook.Contact) folded {
	nameKey := addressbook.NameKey(c.FirstName.Value, c.LastName.Value)
	f := folded{
		nameKey: addressbook.Given(nameKey),
		company: foldedText(c.CompanyName.Value),
		email:   foldedText(c.Email.Value),
	}
	// Both names joined: with one of them missing, that is the other alone, and
	// a part of either is a part of both.
	name := c.FirstName.Value + c.LastName.Value
	if c.FirstName.Given && c.LastName.Given {
		name = c.FirstName.Value + " " + c.LastName.Value
	}
	if strings.TrimSpace(name) != name {
		f.name = addressbook.Given(addressbook.Fold(name))
	}
	return f
}

func foldedText(text string) addressbook.Text {
	if folded := addressbook.Fold(text); folded != text {
		return addressbook.Given(folded)
	}
	return addressbook.Text{}
}

// Expressions for the folded texts in a query; null where there is no text.
const (
	nameFolded    = `coalesce(contacts.name_folded, contacts.name_key)`
	companyFolded = `coalesce(contacts.company_name_folded, contacts.company_name)`
	emailFolded   = `coalesce(contacts.email_folded, contacts.email)`
)

// rowColumns is what bulk writes give of each contact, in the order of
// contactArgs; they begin with the account.
const rowColumns = `sid, number, first_name, last_name, company_name, email, tag, custom_field, date_created, date_updated,
	name_key, name_folded, company_name_folded, email_folded`

// rowArrays reads them from the parameters $2 to $15, as the columns of a SELECT:
// in its FROM, each array would be kept in a table of its own.
const rowArrays = `unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]),
	unnest($7::text[]), unnest($8::text[]), unnest($9::text[]), unnest($10::bigint[]), unnest($11::bigint[]),
	unnest($12::text[]), unnest($13::text[]), unnest($14::text[]), unnest($15::text[])`

// contactArgs are the parameters of a statement with rowArrays.
func contactArgs(account int64, contacts []*addressbook.Contact) []any {
	n := len(contacts)
	sid, number := make(sidColumn, n), make(numberColumn, n)
	first, last, company, email, tag := make(textColumn, n), make(textColumn, n), make(textColumn, n), make(textColumn, n), make(textColumn, n)
	custom := make(jsonColumn, n)
	created, updated := make(dateColumn, n), make(dateColumn, n)
	nameKey, nameFold, companyFold, emailFold := make(textColumn, n), make(textColumn, n), make(textColumn, n), make(textColumn, n)
	folds := make([]folded, n)
	for i, c := range contacts {
		sid[i], number[i] = (*sidValue)(&c.SID), (*numberValue)(&c.Number)
		first[i], last[i], company[i] = (*textValue)(&c.FirstName), (*textValue)(&c.LastName), (*textValue)(&c.CompanyName)
		email[i], tag[i], custom[i] = (*textValue)(&c.Email), (*textValue)(&c.Tag), (*jsonValue)(&c.CustomField)
		created[i], updated[i] = (*dateValue)(&c.Created), (*dateValue)(&c.Updated)
		f := &folds[i]
		*f = fold(c)
		nameKey[i], nameFold[i] = (*textValue)(&f.nameKey), (*textValue)(&f.name)
		companyFold[i], emailFold[i] = (*textValue)(&f.company), (*textValue)(&f.email)
	}
	return []any{
		account, sid, number, first, last, company, email, tag, custom, created, updated,
		nameKey, nameFold, companyFold, emailFold,
	}
}
