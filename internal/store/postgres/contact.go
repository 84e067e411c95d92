package postgres

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// contactColumns is what scanContact reads, in this order. One column more is when the
// contact joined a list.
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

// intoContact is what contactColumns are scanned into.
func intoContact(c *addressbook.Contact) []any {
	into := make([]any, 5, 6+len(c.Texts))
	into[0], into[1], into[2] = (*sidValue)(&c.SID), (*numberValue)(&c.Number), (*jsonValue)(&c.CustomField)
	into[3], into[4] = (*dateValue)(&c.Created), (*dateValue)(&c.Updated)
	for i := range c.Texts {
		into = append(into, (*textValue)(&c.Texts[i]))
	}
	return into
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
var byNumber = `SELECT ` + contactColumns + ` FROM unnest($2::bigint[]) AS wanted (number) CROSS JOIN LATERAL
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

// folded are the texts that a contact is found and sorted by, in the order of
// foldedColumns: the [addressbook.NameKey], and the [addressbook.SearchText] of the
// joined names, the company's name, the e-mail and the tag. But for the first, one is
// not given where it is the text itself; for the names, where it is the name_key; for
// the tag, where it differs in the case of ASCII letters alone.
type folded [5]addressbook.Text

const foldedColumns = `name_key, name_folded, company_name_folded, email_folded, tag_folded`

func fold(texts *addressbook.Texts) (f folded) {
	first, last := texts[addressbook.FirstName], texts[addressbook.LastName]
	f[0] = addressbook.Given(addressbook.NameKey(first.Value, last.Value))
	// Both names joined: with one of them missing, that is the other alone, and
	// a part of either is a part of both.
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

// lowerASCII returns what PostgreSQL's lower makes of a text under the collation "C".
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, text)
}

// Expressions for the folded texts in a query; null where there is no text.
const (
	nameFolded    = `coalesce(contacts.name_folded, contacts.name_key)`
	companyFolded = `coalesce(contacts.company_name_folded, contacts.company_name)`
	emailFolded   = `coalesce(contacts.email_folded, contacts.email)`
	tagFolded     = `coalesce(contacts.tag_folded, lower(contacts.tag))`
)

// rowColumns is what bulk writes give of each contact, in the order of
// contactArgs; they begin with the account.
var rowColumns = `sid, number, custom_field, date_created, date_updated, ` + strings.Join(addressbook.TextKeys(), ", ") + `, ` + foldedColumns

// rowTexts is how many of rowColumns, the last ones, are the contact's texts and
// the folded ones. rowFields is how many there are.
const (
	rowTexts  = int(addressbook.NumTextFields) + len(folded{})
	rowFields = 5 + rowTexts
)

// rowArrays reads rowColumns from the parameters from $2 on, as the columns of a
// SELECT: in its FROM, each array would be kept in a table of its own.
var rowArrays = func() string {
	arrays := `unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::text[]), unnest($5::bigint[]), unnest($6::bigint[])`
	for i := range rowTexts {
		arrays += fmt.Sprintf(`, unnest($%d::text[])`, 7+i)
	}
	return arrays
}()

// contactArgs are the parameters of a statement with rowArrays.
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
