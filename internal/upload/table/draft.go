package table

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
	"callbook/internal/fault"
)

// errNoObject is the fault of a custom_field that is none.
var errNoObject = fault.InvalidField(addressbook.FieldCustomField, "the cell under custom_field must be a JSON object")

// Draft makes a draft of a row. Cells that the row does not have are empty, and
// an empty cell is a field that was never given.
func (l *Layout) Draft(r Row) addressbook.Draft {
	if r.Fault != nil {
		return addressbook.Draft{Fault: r.Fault}
	}
	if len(r.Cells) > len(l.columns) {
		return addressbook.Draft{Fault: fault.New(fault.Invalid,
			fmt.Sprintf("The row has %d cells, and the header %d", len(r.Cells), len(l.columns)))}
	}
	var d addressbook.Draft
	var object csvcell.Object
	var all string // the cell with the whole custom_field
	for i, cell := range r.Cells {
		switch l.columns[i] {
		case number:
			number, _ := csvcell.Unmark(cell) // an error row may have it marked
			d.Number = addressbook.Given(number)
		case firstName:
			d.Texts[addressbook.FirstName] = trimmed(cell)
		case lastName:
			d.Texts[addressbook.LastName] = trimmed(cell)
		case companyName:
			d.Texts[addressbook.CompanyName] = trimmed(cell)
		case email:
			d.Texts[addressbook.Email] = trimmed(cell)
		case tag:
			d.Texts[addressbook.Tag] = text(cell)
		case whole:
			all = cell
		case custom, variable:
			switch {
			case !utf8.ValidString(cell):
				d.Fault = fault.New(fault.Invalid, "Invalid "+shown(l.names[i])+": not valid UTF-8")
			case l.columns[i] == variable:
				object.AddText(l.keys[i], cell)
			default:
				object.Add(l.keys[i], cell)
			}
		}
	}
	d.CustomField = object.String()
	if all == "" {
		return d
	}
	given, ok := csvcell.ObjectIn(all)
	switch {
	case d.Fault != nil:
	case !ok:
		d.Fault = errNoObject
	case d.CustomField != "":
		d.Fault = fault.InvalidField(addressbook.FieldCustomField, "the row has a cell under custom_field and one under "+l.firstCustom(r.Cells))
	}
	d.CustomField = given
	return d
}

// firstCustom is the name of the first column that has a value of custom_field
// in these cells.
func (l *Layout) firstCustom(cells []string) string {
	for i, cell := range cells {
		switch {
		case cell == "":
		case l.columns[i] == custom:
			return shown(csvcell.CustomPrefix + l.names[i])
		case l.columns[i] == variable:
			return shown(l.names[i])
		}
	}
	return ""
}

// trimmed is for what is typed into spreadsheets with blanks around it.
func trimmed(cell string) addressbook.Text {
	if text, marked := csvcell.Unmark(cell); marked {
		return addressbook.Given(text)
	}
	cell = strings.TrimSpace(cell)
	return addressbook.Text{Value: cell, Given: cell != ""}
}

func text(cell string) addressbook.Text {
	text, _ := csvcell.Unmark(cell)
	return addressbook.Text{Value: text, Given: cell != ""}
}
