package table

import (
	"slices"
	"strings"
	"unicode"

	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
)

// spellings are the names that programs and people give to the columns of each field, in
// the form of plainName, the likeliest first. They come from Google and Outlook contacts,
// HubSpot, Salesforce and Zoho, and from people's files.
var spellings = map[string][]string{
	csvcell.Number: {"number", "mobilephonenumber", "mobilephone", "mobilenumber", "mobileno", "mobnumber", "mobno", "mobile", "mob",
		"cellphonenumber", "cellphone", "cellnumber", "cell", "msisdn", "phonenumber", "phoneno", "phone", "phonemobile", "phone1value",
		"primaryphone", "contactnumber", "contactno", "contactphone", "customerphone", "customermobile", "customernumber", "phonenumber1", "phone1",
		"mobile1", "mobileno1", "mobilenumber1", "whatsappnumber", "whatsappno", "whatsapp", "callernumber", "telephonenumber", "telephoneno",
		"telephone", "telno", "tel", "phno", "phnumber", "ph", "leadphone", "homephone", "homephonenumber", "businessphone", "workphone", "otherphone",
		"contact", "teléfono", "telefono", "móvil", "movil", "celular", "telefon", "handy", "handynummer", "téléphone", "telephoneportable", "मोबाइल", "फोन"},
	"first_name": {"firstname", "givenname", "forename", "fname", "vorname", "prénom", "prenom", "nombre", "fullname", "name", "customername",
		"contactname", "leadname", "clientname", "personname", "displayname", "nameofcustomer", "customer", "client", "lead", "contact", "नाम"},
	"last_name": {"lastname", "surname", "familyname", "lname", "nachname", "apellido", "apellidos", "nomdefamille"},
	"company_name": {"companyname", "company", "organizationname", "organisationname", "organization1name", "organization", "organisation",
		"accountname", "companyaccount", "businessname", "business", "employer", "firma", "empresa", "société"},
	"email": {"email", "emailaddress", "emailid", "email1value", "primaryemail", "emailaddress1", "email1", "workemail", "personalemail", "mail",
		"mailid", "contactemail", "customeremail", "correo", "correoelectrónico", "courriel"},
	"tag": {"tag", "tags", "label", "labels", "segment"},
}

// plainName returns a header in lower case, without blanks, punctuation and invisible
// characters.
func plainName(header string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.In(r, unicode.L, unicode.Mn, unicode.Mc, unicode.Nd) {
			return -1
		}
		return unicode.ToLower(r)
	}, nameOf(header))
}

// rankOf returns how likely a header is that of a field: up to 1, and 0 if it is none of
// the field's spellings.
func rankOf(field, plain string) float64 {
	all := spellings[field]
	if i := slices.Index(all, plain); i >= 0 {
		return 1 - float64(i)/float64(2*len(all))
	}
	return 0
}

// fieldCalled returns the field that a header most likely means, or "".
func fieldCalled(header string) string {
	plain := plainName(header)
	best, field := 0.0, ""
	for _, f := range fields {
		if rank := rankOf(f, plain); rank > best {
			best, field = rank, f
		}
	}
	return field
}

// fields are the fields that have spellings, in the order of a contact's fields.
var fields = append([]string{csvcell.Number}, addressbook.TextKeys()...)

// fieldsNamed counts the fields that the cells of a header name.
func fieldsNamed(cells []string) int {
	named := make(map[string]bool)
	for _, cell := range cells {
		name := strings.ToLower(nameOf(cell))
		if field := fieldCalled(name); field != "" {
			named[field] = true
		} else if knownColumns[name] != ignored {
			named[name] = true
		}
	}
	return len(named)
}

// spell returns the names under which the columns of a static file are read. If no column
// has a field's exact name, it takes the column with the likeliest spelling. For the
// number, it prefers the column whose cells are numbers.
func spell(header []string, rows []headRow, isNumber func(string) bool, only ...string) []string {
	names := slices.Clone(header)
	taken := make([]bool, len(header))
	exact := make(map[string]bool)
	for i, name := range header {
		lower := strings.ToLower(nameOf(name))
		_, known := knownColumns[lower]
		_, own := csvcell.CustomColumn(nameOf(name))
		taken[i] = known || own
		exact[lower] = true
	}
	for _, field := range only {
		if exact[field] {
			continue
		}
		best, column := 0.0, -1
		for i, name := range header {
			if taken[i] {
				continue
			}
			score := rankOf(field, plainName(name))
			if score > 0 && field == csvcell.Number {
				score += 2 * shareOf(rows, i, isNumber)
			}
			if field == csvcell.Number && score < 1 && plainName(name) == "contact" {
				continue // such a column names a person, unless its cells are numbers
			}
			if score > best {
				best, column = score, i
			}
		}
		if column >= 0 {
			names[column], taken[column] = field, true
		}
	}
	return names
}

// shareOf returns which share of a column's cells with text are numbers, from 0 to 1. It
// is lower for a column with few cells.
func shareOf(rows []headRow, column int, isNumber func(string) bool) float64 {
	numbers, filled := 0, 0
	for _, row := range rows {
		if column >= len(row.Cells) || isBlank(row.Cells[column]) {
			continue
		}
		filled++
		if isNumber(row.Cells[column]) {
			numbers++
		}
	}
	if filled == 0 {
		return 0
	}
	return float64(numbers) / float64(filled) * (float64(filled) / float64(len(rows)))
}
