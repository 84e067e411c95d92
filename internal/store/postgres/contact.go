package postgres

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// contactColumns are the columns that scanContact reads, in this order. A further column,
// if any, is the date at which the contact joined a list.
var contactColumns = `contacts.sid, contacts.number, contacts.custom_field, contacts.date_created, contacts.date_updated, contacts.` +
	strings.Join(addressbook.TextKeys(), ", contacts.")

func scanContact(row pgx.CollectableRow) (c addressbook.Contact, err error) {
	into := intoContact(&c)
	if len(row.FieldDescriptions()) > len(into) {
		into = append(into, (*dateValue)(&c.Joined))
	}
	err = row.Scan(into...)
	return c, err
}

// intoContact returns the destinations for contactColumns.
func intoContact(c *addressbook.Contact) []any {
	into := make([]any, 5, 6+len(c.Texts))
	into[0], into[1], into[2] = (*sidValue)(&c.SID), (*numberValue)(&c.Number), (*jsonValue)(&c.CustomField)
	into[3], into[4] = (*dateValue)(&c.Created), (*dateValue)(&c.Updated)
	for i := range c.Texts {
		into = append(into, (*textValue)(&c.Texts[i]))
	}
	return into
}

// lockBySID returns a query that reads contacts by their sids, $2, and locks them. The
// sids must be sorted, and the locks are taken in that order. It looks up the contacts
// one by one: the planner could take an account that was just filled for a small one, and
// read all of it.
func lockBySID(columns, lock string) string {
	return `SELECT ` + columns + ` FROM unnest($2::uuid[]) AS wanted (sid) CROSS JOIN LATERAL
		(SELECT * FROM contacts WHERE contacts.account_id = $1 AND contacts.sid = wanted.sid ` + lock + `) AS contacts`
}

// byNumber reads contacts by their numbers, $2. It looks them up one by one, as lockBySID
// does.
var byNumber = `SELECT ` + contactColumns + ` FROM unnest($2::bigint[]) AS wanted (number) CROSS JOIN LATERAL
	(SELECT * FROM contacts WHERE contacts.account_id = $1 AND contacts.number = wanted.number OFFSET 0) AS contacts`

// lockByNumber returns a query like byNumber that also locks the contacts, in the order
// of their sids.
func lockByNumber(lock string) string {
	return `SELECT ` + contactColumns + ` FROM
		(SELECT found.* FROM unnest($2::bigint[]) AS wanted (number) CROSS JOIN LATERAL
			(SELECT sid, number FROM contacts WHERE contacts.account_id = $1 AND contacts.number = wanted.number OFFSET 0) AS found
			ORDER BY found.sid) AS wanted
		CROSS JOIN LATERAL (SELECT * FROM contacts WHERE contacts.account_id = $1 AND contacts.sid = wanted.sid
			AND contacts.number = wanted.number ` + lock + `) AS contacts`
}

// folded are the texts by which contacts are found and sorted, in the order of
// foldedColumns: the [addressbook.NameKey], then the [addressbook.SearchText] of the
// joined names, the company's name, the e-mail and the tag. A text that equals its source
// is NULL to save space. The sources are: of the joined names, the name_key; of the tag,
// the tag in lower case (ASCII only); of the others, the field itself. The name_key is
// never NULL.
type folded [5]addressbook.Text

const foldedColumns = `name_key, name_folded, company_name_folded, email_folded, tag_folded`

func fold(texts *addressbook.Texts) (f folded) {
	first, last := texts[addressbook.FirstName], texts[addressbook.LastName]
	f[0] = addressbook.Given(addressbook.NameKey(first.Value, last.Value))
	// If one of the names is missing, the joined text is the other name alone. A part of
	// either name is also a part of the joined text.
	name := first.Value + last.Value
	if first.Given && last.Given {
		name = first.Value + " " + last.Value
	}
	if searched := addressbook.SearchText(name); searched != f[0].Value {
		f[1] = addressbook.Given(searched)
	}
	f[2] = foldedText(texts[addressbook.CompanyName].Value)
	f[3] = foldedText(texts[addressbook.Email].Value)
	tag := texts[addressbook.Tag].Value
	if searched := addressbook.SearchText(tag); searched != lowerASCII(tag) {
		f[4] = addressbook.Given(searched)
	}
	return f
}

func foldedText(text string) addressbook.Text {
	if folded := addressbook.SearchText(text); folded != text {
		return addressbook.Given(folded)
	}
	return addressbook.Text{}
}

// lowerASCII returns what lower returns in PostgreSQL under the collation "C".
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, text)
}

// These expressions restore the folded texts in a query. They are NULL where there is no
// text.
const (
	nameFolded    = `coalesce(contacts.name_folded, contacts.name_key)`
	companyFolded = `coalesce(contacts.company_name_folded, contacts.company_name)`
	emailFolded   = `coalesce(contacts.email_folded, contacts.email)`
	tagFolded     = `coalesce(contacts.tag_folded, lower(contacts.tag))`
)

// rowColumns are the columns of a contact that bulk writes set, in the order of
// contactArgs, without the account.
var rowColumns = `sid, number, custom_field, date_created, date_updated, ` + strings.Join(addressbook.TextKeys(), ", ") + `, ` + foldedColumns

// rowTexts is how many of rowColumns, at the end, are texts and folded texts. RowFields
// is the number of rowColumns.
const (
	rowTexts  = int(addressbook.NumTextFields) + len(folded{})
	rowFields = 5 + rowTexts
)

// rowArrays are the columns of a SELECT that turns the parameters from $2 on into rows.
// In the FROM clause, PostgreSQL would store each array in a temporary table.
var rowArrays = func() string {
	arrays := `unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::text[]), unnest($5::bigint[]), unnest($6::bigint[])`
	for i := range rowTexts {
		arrays += fmt.Sprintf(`, unnest($%d::text[])`, 7+i)
	}
	return arrays
}()

// contactArgs returns the parameters of a statement with rowArrays.
func contactArgs(account account.ID, contacts []*addressbook.Contact) []any {
	n := len(contacts)
	sid, number, custom := make(sidColumn, n), make(numberColumn, n), make(jsonColumn, n)
	created, updated := make(dateColumn, n), make(dateColumn, n)
	var texts [rowTexts]textColumn
	for j := range texts {
		texts[j] = make(textColumn, n)
	}
	folds := make([]folded, n)
	for i, c := range contacts {
		sid[i], number[i], custom[i] = (*sidValue)(&c.SID), (*numberValue)(&c.Number), (*jsonValue)(&c.CustomField)
		created[i], updated[i] = (*dateValue)(&c.Created), (*dateValue)(&c.Updated)
		for j := range c.Texts {
			texts[j][i] = (*textValue)(&c.Texts[j])
		}
		folds[i] = fold(&c.Texts)
		for j := range folds[i] {
			texts[len(c.Texts)+j][i] = (*textValue)(&folds[i][j])
		}
	}
	args := []any{account, sid, number, custom, created, updated}
	for _, column := range texts {
		args = append(args, column)
	}
	return args
}
