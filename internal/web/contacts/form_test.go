package contacts

import (
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// TestFieldsInForm checks that the form has a place for each field but that of a
// list.
func TestFieldsInForm(t *testing.T) {
	t.Parallel()
	for _, field := range addressbook.Fields() {
		form := newContactForm(func(contactField) string { return "" })
		form.refused(fault.TooLong(field, 7), nil)
		if form.wrong() == (field == addressbook.FieldName) {
			t.Errorf("the form tells of %q: %t", field, form.wrong())
		}
	}
}
