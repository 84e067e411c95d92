package table

import (
	"slices"
	"strings"

	"callbook/internal/addressbook"
)

// alsoCalled are names that other programs give to columns, in lower case and
// without what is no letter.
var alsoCalled = map[string][]string{
	"number": {"number", "phone", "phonenumber", "phoneno", "mobile", "mobilenumber", "mobileno", "mobilephone", "cell", "cellphone",
		"contact", "contactnumber", "contactno", "telephone", "tel", "msisdn", "whatsapp", "whatsappnumber", "primaryphone"},
	"first_name":   {"firstname", "givenname", "forename", "name", "fullname", "customername", "contactname"},
	"last_name":    {"lastname", "surname", "familyname"},
	"company_name": {"companyname", "company", "organisation", "organization", "organisationname", "organizationname", "business"},
	"email":        {"email", "emailaddress", "mail", "emailid"},
	"tag":          {"tag", "label", "segment"},
}

// GuessMapping returns what the columns of a file may be for when its header has
// no column called number; otherwise the zero mapping. A guess is for a person to
// look at. The preview is that of the file without a mapping.
func (p *Preview) GuessMapping(kind addressbook.ListType, prepare Prepare) (Mapping, error) {
	if p.Fault == nil || len(p.Columns) == 0 {
		return Mapping{}, nil
	}
	used := make(map[string]bool)
	for _, c := range p.Columns {
		lower := strings.ToLower(strings.TrimSpace(c.Header))
		if purpose(c.Header, kind) != ignored && alsoCalled[lower] != nil {
			used[lower] = true
		}
	}
	if used["number"] {
		return Mapping{}, nil // something else is wrong
	}
	var m Mapping
	for _, c := range p.Columns {
		name := c.Name
		if field := fieldCalled(c.Header); field != "" && !used[field] {
			name, used[field] = field, true
		}
		m.Columns = append(m.Columns, name)
	}
	if used["number"] {
		return m, nil
	}
	column, noHeader, err := p.findNumbers(prepare)
	if err != nil || column < 0 {
		return Mapping{}, err
	}
	if noHeader {
		m = Mapping{Columns: make([]string, len(p.Columns)), NoHeader: true}
	}
	m.Columns[column] = "number"
	return m, nil
}

// fieldCalled is the contact's field that a header may mean; "" for none.
func fieldCalled(header string) string {
	plain := strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, strings.ToLower(header))
	for field, names := range alsoCalled {
		if slices.Contains(names, plain) {
			return field
		}
	}
	return ""
}

// findNumbers returns the column whose first cells are numbers, -1 for none, and
// whether the first row has one, too: then there is no header.
func (p *Preview) findNumbers(prepare Prepare) (column int, noHeader bool, err error) {
	isNumber := func(cell string) (bool, error) {
		prepared, err := prepare([]addressbook.Draft{{Number: addressbook.Given(cell)}})
		return err == nil && len(prepared.Contacts) == 1, err
	}
	for i, c := range p.Columns {
		good := 0
		for _, row := range p.Rows {
			ok, err := isNumber(row.Cells[i])
			if err != nil {
				return -1, false, err
			}
			if ok {
				good++
			}
		}
		header, err := isNumber(c.Header)
		if err != nil {
			return -1, false, err
		}
		if header || good > 0 && 2*good >= len(p.Rows) {
			return i, header, nil
		}
	}
	return -1, false, nil
}
