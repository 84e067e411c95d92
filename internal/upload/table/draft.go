package table

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
	"callbook/internal/fault"
)

// errNoObject is the fault of a custom_field that is not a JSON object.
var errNoObject = fault.InvalidField(addressbook.FieldCustomField, "the cell under custom_field must be a JSON object")

// Draft makes a draft of a row. An empty or missing cell means that the field is not
// given.
func (l *Layout) Draft(r Row) addressbook.Draft {
	if r.Fault != nil {
		return addressbook.Draft{Fault: r.Fault}
	}
	if len(r.Cells) > len(l.columns) {
		r.Cells = r.Cells[:max(len(l.columns), len(withoutBlankEnd(r.Cells)))]
	}
	if len(r.Cells) > len(l.columns) {
		return addressbook.Draft{Fault: fault.New(fault.Invalid,
			fmt.Sprintf("The row has %d cells, and the header %d", len(r.Cells), len(l.columns)))}
	}
	d := addressbook.Draft{FirstNumber: true}
	var object csvcell.Object
	var all string // the cell with the whole custom_field
	for i, cell := range r.Cells {
		if csvcell.IsNull(cell) {
			continue
		}
		switch l.columns[i] {
		case number:
			number, _ := csvcell.Unmark(cell) // error rows contain numbers with a mark
			d.Number = addressbook.Given(number)
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
		default:
			if field, ok := l.columns[i].text(); ok {
				d.Texts[field] = text(field, cell)
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

// firstCustom returns the name of the first column for a value of custom_field that has a
// value in these cells.
func (l *Layout) firstCustom(cells []string) string {
	for i, cell := range cells {
		switch {
		case cell == "" || csvcell.IsNull(cell):
		case l.columns[i] == custom:
			return shown(csvcell.CustomPrefix + l.names[i])
		case l.columns[i] == variable:
			return shown(l.names[i])
		}
	}
	return ""
}

// text reads the cell of a text field.
func text(field addressbook.TextField, cell string) addressbook.Text {
	value, marked := csvcell.Unmark(cell)
	if !marked && trims(field) {
		value = strings.TrimSpace(value)
	}
	return addressbook.Text{Value: value, Given: marked || value != ""}
}

// trims reports whether blanks around a text are removed; people often type them in
// spreadsheets. A tag keeps them.
func trims(field addressbook.TextField) bool { return field != addressbook.Tag }
